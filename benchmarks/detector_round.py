"""A whole round on real images: 40 labelled to start, propose, 600 verdicts by the truth, retrain, 80 frozen images.

    python benchmarks/detector_round.py --seeds 0 1 2

Prints a table of mAP50 before and after, against the same number of images picked at random and labelled exactly, and
the false positives an image with and without the rejected regions as background. About half an hour a seed on 2 cores.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving import ROOT, serve_winnow
from truthful_person import Person, Truth, read_truth

N_HOLDOUT, N_START = 80, 40


@dataclass
class Project:
    """A folder with images, refs, a log and a workspace, worked on by the commands a user has."""

    folder: Path
    truth: Truth

    def winnow(self, *arguments: str, refs: str = "refs.txt") -> str:
        env = {**os.environ, "WINNOW_REFS": str(self.folder / refs), "WINNOW_ANNOTATOR": "script"}
        command = [sys.executable, "-m", "winnow", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(
                f"winnow {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def import_truth(self, paths: list[str], split: str, name: str) -> None:
        """Record the true boxes of these images as a person's, each image complete."""
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(coco_of(paths, self.truth, self.folder)))
        self.winnow("import", str(file), "--images", str(self.folder), "--split", split)

    def train(self, *options: str, refs: str = "refs.txt") -> dict[str, Any]:
        """Train; answers the model.json of the new version."""
        self.winnow("train", *options, refs=refs)
        newest = sorted((self.folder / "workspace/models").glob("v*/model.json"))[-1]
        return json.loads(newest.read_text())

    def copy(self, name: str) -> "Project":
        folder = self.folder.with_name(f"{self.folder.name}-{name}")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder, self.truth)


def coco_of(paths: list[str], truth: Truth, folder: Path) -> dict[str, Any]:
    from PIL import Image

    names = sorted({name for boxes in truth.values() for _, name in boxes})
    images, annotations = [], []
    for image_id, path in enumerate(paths, 1):
        with Image.open(folder / path) as image:
            images.append({"id": image_id, "file_name": path, "width": image.width, "height": image.height})
        for (x1, y1, x2, y2), name in truth.get(path, []):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "category_id": names.index(name) + 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": (x2 - x1) * (y2 - y1),
                    "iscrowd": 0,
                }
            )
    categories = [{"id": i, "name": name} for i, name in enumerate(names, 1)]
    return {"images": images, "annotations": annotations, "categories": categories}


def start_project(folder: Path, bccd: Path, truth: Truth, seed: int) -> tuple[Project, list[str]]:
    """80 frozen images and 40 to start from are labelled; answers the project and the paths of the others."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "images").symlink_to(bccd / "images")
    paths = sorted(truth)
    random.Random(seed).shuffle(paths)
    rest = paths[N_HOLDOUT + N_START :]
    (folder / "refs.txt").write_text("\n".join(rest) + "\n")
    project = Project(folder, truth)
    project.import_truth(paths[:N_HOLDOUT], "holdout", "holdout")
    project.import_truth(paths[N_HOLDOUT : N_HOLDOUT + N_START], "train", "start")
    return project, rest


def review(project: Project, options: argparse.Namespace) -> tuple[list[str], dict[str, int]]:
    """Judge proposals of the most uncertain images until there are enough verdicts; answers the images and counts."""
    served = serve_winnow(project.folder, refs="proposals-0001.csv")
    person, reviewed = Person(served.url, project.truth), []
    try:
        session = person.call("POST", "/api/sessions", {"name": "round", "base": "v1"})
        while person.counts["verdicts"] < options.verdicts:
            images = person.call("GET", f"/api/sessions/{session['number']}/next-images")["images"]
            if not images:
                break  # every image with a proposal is complete
            for image in images:
                if person.counts["verdicts"] < options.verdicts:
                    person.review_image(image["path"])
                    reviewed.append(image["path"])
    finally:
        served.stop()
    return reviewed, dict(person.counts)


def run_seed(seed: int, options: argparse.Namespace) -> dict[str, Any]:
    bccd = options.data.resolve()
    truth = read_truth(bccd / "ground_truth.csv")
    project, rest = start_project(options.folder.resolve() / f"seed{seed}", bccd, truth, seed)
    size = ("--imgsz", str(options.imgsz), "--batch", "4", "--seed", str(seed))
    clock = time.monotonic()
    before = project.train("--base", "yolo11n.yaml", "--epochs", str(options.epochs), *size)
    tell(seed, f"start: mAP50 {before['metrics']['map50']:.3f} after {time.monotonic() - clock:.0f} s")
    weights = project.folder / "workspace/models/v0001/weights.pt"
    proposals = project.folder / "proposals-0001.csv"
    project.winnow(
        *("propose", "--images", str(project.folder / "refs.txt"), "--detector", str(weights), "--imgsz"),
        *(str(options.imgsz), "--conf", str(options.conf), "--iou", "0.5", "--out", str(proposals)),
        *("--features", "classic"),
    )
    random_start = project.copy("random")
    reviewed, counts = review(project, options)
    tell(seed, f"reviewed {len(reviewed)} images: {counts}")
    ignoring = project.copy("ignore")
    again = ("--base", "v1", "--epochs", str(options.more_epochs), "--lr", str(options.more_lr), *size)
    after = project.train(*again, refs=proposals.name)
    tell(
        seed,
        f"after: mAP50 {after['metrics']['map50']:.3f}, {after['metrics']['false_positives_per_image']:.2f} fp/image",
    )
    ignored = ignoring.train(*again, "--rejects", "ignore", refs=proposals.name) if options.ablation else after
    picked = random.Random(seed).sample(rest, len(reviewed))
    random_start.import_truth(picked, "train", "picked")
    at_random = random_start.train(*again)
    tell(seed, f"at random: mAP50 {at_random['metrics']['map50']:.3f}")
    return {
        "seed": seed,
        "before": before["metrics"],
        "after": after["metrics"],
        "random": at_random["metrics"],
        "ignored": ignored["metrics"],
        "images": len(reviewed),
        "counts": counts,
        "seconds": time.monotonic() - clock,
    }


def tell(seed: int, text: str) -> None:
    print(f"seed {seed}: {text}", file=sys.stderr, flush=True)


def print_table(results: list[dict[str, Any]]) -> None:
    print("| seed | mAP50 before | after | random images | fp/image: rejects are background | painted out | images |")
    print("|---|---|---|---|---|---|---|")
    for r in results:
        fp, fp_ignored = (r[name]["false_positives_per_image"] for name in ("after", "ignored"))
        maps = " | ".join(f"{r[name]['map50']:.3f}" for name in ("before", "after", "random"))
        print(f"| {r['seed']} | {maps} | {fp:.2f} | {fp_ignored:.2f} | {r['images']} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT / "../shared/data/bccd")
    parser.add_argument("--folder", type=Path, default=Path("/tmp/winnow-round"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--imgsz", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--more-epochs", type=int, default=40)
    parser.add_argument("--more-lr", type=float, default=0.005)
    parser.add_argument("--no-ablation", dest="ablation", action="store_false", help="do not train without rejects")
    parser.add_argument("--conf", type=float, default=0.25)
    parser.add_argument("--verdicts", type=int, default=600)
    options = parser.parse_args()
    results = []
    for seed in options.seeds:
        results.append(run_seed(seed, options))
        (options.folder / "results.json").write_text(json.dumps(results, indent=1))
        print_table(results)


if __name__ == "__main__":
    main()
