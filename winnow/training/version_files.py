"""The files of a data set version, all of them following from its manifest and the source images."""

import os
from pathlib import Path

from winnow.errors import DatasetError, UnreadableImage
from winnow.pool.images import load_image
from winnow.training.manifest import PARTS, ImageEntry, Manifest, images_jsonl
from winnow.training.painting import painted_png
from winnow.training.selection import Report
from winnow.training.sources import hash_of

SHOWN = 20


def write_version(
    folder: Path, manifest: Manifest, images: tuple[ImageEntry, ...], *, base_folder: Path, report: Report
) -> None:
    """Fill an empty folder: images (absolute links, PNG copies), labels, data.yaml, images.jsonl, manifest.json."""
    for part in PARTS:
        for kind in ("images", "labels"):
            (folder / kind / part).mkdir(parents=True)
    for done, entry in enumerate(images):
        report.check_stop()
        report.progress(done, len(images), "Writing the data set")
        _write_image(image_path(folder, entry), entry, base_folder / entry.path)
        label_path(folder, entry).write_text(entry.label_text(manifest.classes))
    (folder / "data.yaml").write_bytes(data_yaml(manifest.classes))
    (folder / "images.jsonl").write_bytes(images_jsonl(images))
    (folder / "manifest.json").write_bytes(manifest.to_json())
    report.progress(len(images), len(images), "Writing the data set")


def image_path(folder: Path, entry: ImageEntry) -> Path:
    return folder / "images" / entry.part / entry.name


def label_path(folder: Path, entry: ImageEntry) -> Path:
    return folder / "labels" / entry.part / f"{Path(entry.name).stem}.txt"


def data_yaml(classes: tuple[str, ...]) -> bytes:
    """ultralytics' description of a data set; without `path` it looks beside the file, whatever the working folder."""
    import yaml

    values = {"train": "images/train", "val": "images/holdout", "names": dict(enumerate(classes))}
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True).encode()


def check_sources(images: tuple[ImageEntry, ...], base_folder: Path) -> None:
    """Raises DatasetError naming the source images that are missing or not what they were."""
    changed = []
    for entry in images:
        source = base_folder / entry.path
        try:
            reason = None if hash_of(source.read_bytes()) == entry.blake2b else "changed"
        except OSError as error:
            reason = error.strerror or str(error)
        if reason:
            changed.append(f"  {source}: {reason}")
    if changed:
        more = f"\n  and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        raise DatasetError(
            f"{len(changed)} of {len(images)} source images are not what they were when the version was built; "
            "put them back:\n" + "\n".join(changed[:SHOWN]) + more
        )


def differences(
    folder: Path, rebuilt: Path, manifest: Manifest, images: tuple[ImageEntry, ...], base_folder: Path
) -> list[str]:
    """Files of a version, relative to its folder, that are not as its manifest makes them."""
    different = []
    for entry in images:
        image, label = image_path(folder, entry), label_path(folder, entry)
        if entry.is_copy:
            same_image = _same_bytes(image, image_path(rebuilt, entry))
        else:
            was = os.path.abspath(Path(manifest.base_folder) / entry.path)
            same_image = image.is_symlink() and os.readlink(image) in (was, os.path.abspath(base_folder / entry.path))
        if not same_image:
            different.append(str(image.relative_to(folder)))
        if not _same_bytes(label, label_path(rebuilt, entry)):
            different.append(str(label.relative_to(folder)))
    different += [
        name
        for name in ("data.yaml", "images.jsonl", "manifest.json")
        if not _same_bytes(folder / name, rebuilt / name)
    ]
    known = {path(folder, entry) for entry in images for path in (image_path, label_path)}
    there = (path for kind in ("images", "labels") for path in (folder / kind).glob("*/*"))
    return different + [f"{path.relative_to(folder)} (not of this version)" for path in there if path not in known]


def _same_bytes(first: Path, second: Path) -> bool:
    try:
        return first.read_bytes() == second.read_bytes()
    except OSError:
        return False


def _write_image(target: Path, entry: ImageEntry, source: Path) -> None:
    if not entry.is_copy:
        target.symlink_to(os.path.abspath(source))
        return
    try:
        image = load_image(source)
    except UnreadableImage as error:
        raise DatasetError(f"{error} It was readable a moment ago; build the data set again.") from error
    painted, kept = ([mark.box_xyxy for mark in marks] for marks in (entry.painted, entry.accepted))
    target.write_bytes(painted_png(image, painted, kept))
