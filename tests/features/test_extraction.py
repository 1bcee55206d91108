import contextlib
import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

import winnow.features.pipeline as pipeline
from compute_features import main
from winnow.errors import FeaturesError
from winnow.features import open_features
from winnow.features.encoders import EncoderOptions
from winnow.features.extraction import extract
from winnow.features.plan import make_schedule, part_folder
from winnow.pool import open_pool

ROOT = Path(__file__).parents[2]
CLASSIC = EncoderOptions("classic")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "features.npy"


@pytest.fixture
def decoded(monkeypatch):
    """The names of the image files that were decoded, in order."""
    names: list[str] = []
    original = pipeline.load_image
    monkeypatch.setattr(pipeline, "load_image", lambda path: names.append(path.name) or original(path))
    return names


def errors_of(out: Path) -> list[list[str]]:
    with out.with_suffix(".errors.csv").open(newline="") as file:
        return list(csv.reader(file))


def files_beside(out: Path) -> set[str]:
    return {path.name for path in out.parent.glob("*features*")}


def boxes(name: str, count: int) -> list[str]:
    return [f"{name} {i} {i} {i + 20} {i + 10}" for i in range(count)]


@pytest.mark.parametrize("num_workers", [0, 1, 3])
def test_each_image_is_decoded_once_however_its_lines_are_scattered(draw, pool_of, out, decoded, num_workers):
    draw("a.png", seed=1)
    draw("b.png", seed=2)
    pool = pool_of(*(line for pair in zip(boxes("a.png", 9), boxes("b.png", 9), strict=True) for line in pair))
    report = extract(pool, out, CLASSIC, batch_size=4, num_workers=num_workers)
    assert sorted(decoded) == ["a.png", "b.png"]
    assert report.n_decoded == 2


def test_number_of_workers_changes_no_bit(draw, pool_of, out):
    pool = pool_of(*(line for i in range(6) for line in boxes(draw(f"{i}.png", seed=i).name, 3)))
    matrices = []
    for num_workers in (0, 1, 4):
        extract(pool, out, CLASSIC, batch_size=4, num_workers=num_workers)
        matrices.append(out.read_bytes())
        out.unlink()
    assert matrices[0] == matrices[1] == matrices[2]


def test_batches_hold_exactly_the_batch_size_except_the_last(draw, pool_of):
    pool = pool_of(*boxes("a.png", 5), *boxes("b.png", 2), "a.png 0 0 20 10")
    schedule = make_schedule(pool, np.zeros(8, bool), 3, is_per_image=False)
    assert schedule.rows.tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert schedule.starts.tolist() == [0, 3, 6, 7]


def test_batches_of_images_keep_the_boxes_of_an_image_together(draw, pool_of):
    pool = pool_of("a.png", "b.png", *boxes("a.png", 3), "c.png")
    schedule = make_schedule(pool, np.zeros(6, bool), 2, is_per_image=True)
    assert schedule.rows.tolist() == [0, 2, 3, 4, 1, 5]
    assert schedule.starts.tolist() == [0, 5, 6]


def test_images_that_cannot_be_read_are_listed_and_the_rest_is_finished(draw, pool_of, out, tmp_path):
    draw("good.png")
    (tmp_path / "text.jpg").write_text("no image")
    (tmp_path / "empty.png").touch()
    pool = pool_of("text.jpg", "good.png", "gone.png 1 2 3 4", "empty.png", "good.png 90 90 99 99", "gone.png 1 2 3 4")
    report = extract(pool, out, CLASSIC, num_workers=2)
    matrix = open_features(out, pool)
    assert matrix.is_valid.tolist() == [False, True, False, False, False, False]
    assert np.isnan(matrix.vectors).all(axis=1).tolist() == [True, False, True, True, True, True]
    rows = errors_of(out)
    assert rows[0] == ["path", "item_id", "reason"]
    assert [row[0] for row in rows[1:]] == ["text.jpg", "gone.png", "empty.png", "good.png"]
    assert [row[1] for row in rows[1:]] == [pool.item(i).id for i in (0, 2, 3, 4)]
    assert rows[4][2] == "the box lies wholly outside the image, which is 64 × 48 pixels"
    assert len(report.failures) == 4


def test_mended_image_is_computed_by_the_next_run_and_its_error_goes(draw, pool_of, out, decoded):
    draw("a.png")
    pool = pool_of("a.png", "late.png")
    extract(pool, out, CLASSIC, num_workers=0)
    draw("late.png", seed=3)
    decoded.clear()
    extract(pool, out, CLASSIC, num_workers=0)
    assert decoded == ["late.png"]
    assert open_features(out, pool).is_valid.tolist() == [True, True]
    assert files_beside(out) == {"features.npy", "features.json", "features.ids.npy", ".features.npy.lock"}


def test_box_that_reaches_over_the_edge_is_the_part_on_the_image(draw, pool_of, out):
    draw("a.png", 64, 48)
    pool = pool_of("a.png -10 -10 30 20", "a.png 0 0 30 20")
    extract(pool, out, CLASSIC, num_workers=0)
    vectors = open_features(out, pool).vectors
    assert np.array_equal(vectors[0], vectors[1])


def test_exif_orientation_and_16_bit_grey_are_honoured(pool_of, out, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60), dtype=np.uint8)
    turned = Image.fromarray(np.rot90(pixels).copy())
    turned.getexif()[274] = 6  # shown turned by 90 degrees clockwise
    turned.save(tmp_path / "turned.png", exif=turned.getexif())
    Image.fromarray(pixels).save(tmp_path / "plain.png")
    Image.fromarray(pixels.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    pool = pool_of("plain.png", "turned.png", "deep.png")
    extract(pool, out, CLASSIC, num_workers=0)
    vectors = open_features(out, pool).vectors
    assert np.array_equal(vectors[0], vectors[1])
    assert vectors[2] == pytest.approx(vectors[0], abs=1e-5)


def test_truncated_photo_found_in_the_wild_is_an_error_and_not_a_crash(shared, tmp_path, out):
    refs = tmp_path / "refs.txt"
    refs.write_text(f'"{shared}/data/bad_images/truncated.jpg"\n')
    report = extract(open_pool(refs), out, CLASSIC, num_workers=0)
    assert len(report.failures) == 1
    assert open_features(out, open_pool(refs)).is_valid.tolist() == [False]


def test_vector_that_is_not_finite_makes_its_row_invalid(draw, pool_of, out, monkeypatch):
    draw("a.png")
    pool = pool_of("a.png", "a.png 0 0 9 9", "a.png 5 5 20 20")
    huge = [np.full(366, value, np.float32) for value in (1, 1e6, np.nan)]
    monkeypatch.setattr("winnow.features.classic.ClassicEncoder.prepare", lambda *_: huge)
    report = extract(pool, out, CLASSIC, dtype="float16", num_workers=0)
    assert open_features(out, pool).is_valid.tolist() == [True, False, False]
    assert report.failures[0].reason == "the encoder gave a vector that is not finite in float16"


def test_changed_refs_compute_only_new_items(draw, pool_of, out, decoded):
    for i, name in enumerate(("a.png", "b.png", "c.png")):
        draw(name, seed=i)
    extract(pool_of("a.png", "b.png"), out, CLASSIC, num_workers=0)
    before = np.load(out)
    decoded.clear()
    changed = pool_of("c.png", "b.png", "a.png")
    report = extract(changed, out, CLASSIC, num_workers=0)
    assert decoded == ["c.png"]
    assert report.n_computed == 1
    assert np.array_equal(open_features(out, changed).vectors[1:], before[::-1])


@pytest.mark.parametrize("change", [{"dtype": "float16"}, {"options": EncoderOptions("classic", context=0.5)}])
def test_vectors_made_otherwise_are_not_reused(draw, pool_of, out, decoded, change):
    draw("a.png")
    pool = pool_of("a.png 5 5 20 20")
    extract(pool, out, CLASSIC, num_workers=0)
    decoded.clear()
    extract(pool, out, change.get("options", CLASSIC), dtype=change.get("dtype", "float32"), num_workers=0)
    assert decoded == ["a.png"]


class Killed(Exception):
    """Stands for a kill between two batches."""


def stop_after(monkeypatch, n_images: int) -> None:
    original, calls = pipeline.load_image, []

    def load(path: Path) -> Image.Image:
        calls.append(path)
        if len(calls) > n_images:
            raise Killed
        return original(path)

    monkeypatch.setattr(pipeline, "load_image", load)


def test_interrupted_run_over_other_refs_is_not_lost(draw, pool_of, out, decoded, monkeypatch):
    lines = [draw(f"{i}.png", seed=i).name for i in range(6)]
    pool = pool_of(*lines)
    with monkeypatch.context() as patch:
        stop_after(patch, 4)
        with pytest.raises(Killed):
            extract(pool, out, CLASSIC, batch_size=1, num_workers=0)
    assert not out.exists()
    decoded.clear()
    changed = pool_of("5.png", *lines[:3])
    extract(changed, out, CLASSIC, batch_size=1, num_workers=0)
    assert decoded == ["5.png"]
    assert open_features(out, changed).is_valid.all()
    assert files_beside(out) == {"features.npy", "features.json", "features.ids.npy", ".features.npy.lock"}


def test_journal_line_that_was_cut_short_is_computed_again(draw, pool_of, out, decoded, monkeypatch):
    lines = [draw(f"{i}.png", seed=i).name for i in range(4)]
    pool = pool_of(*lines)
    with monkeypatch.context() as patch:
        stop_after(patch, 3)
        with pytest.raises(Killed):
            extract(pool, out, CLASSIC, batch_size=1, num_workers=0)
    journal = part_folder(out) / "journal.jsonl"
    noted = journal.read_bytes()
    assert noted == b"[0, []]\n[1, []]\n[2, []]\n"
    journal.write_bytes(noted[:-3])
    decoded.clear()
    extract(pool, out, CLASSIC, batch_size=1, num_workers=0)
    assert decoded == ["2.png", "3.png"]


def test_run_killed_at_any_moment_goes_on_to_the_same_bits(draw, pool_of, out, tmp_path):
    lines = [line for i in range(60) for line in boxes(draw(f"{i}.png", seed=i).name, 5)]
    pool = pool_of("gone.png", *lines)
    whole = tmp_path / "whole.npy"
    extract(pool, whole, CLASSIC, batch_size=3, num_workers=1)
    command = [sys.executable, str(ROOT / "compute_features.py"), "--refs", str(pool.refs_path), "--out", str(out)]
    command += ["--model", "classic", "--batch_size", "3", "--num_workers=1"]
    journal = part_folder(out) / "journal.jsonl"
    kill_when(command, lambda: (part_folder(out) / "plan.json").exists())
    for _ in range(3):
        noted = journal.stat().st_size if journal.exists() else 0
        kill_when(command, lambda noted=noted: journal.exists() and journal.stat().st_size > noted)
    assert not out.exists()
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 0, finished.stderr
    assert "301 items by classic" in finished.stdout
    assert "301 computed now" not in finished.stdout
    for suffix in (".npy", ".ids.npy", ".json", ".errors.csv"):
        assert out.with_suffix(suffix).read_bytes() == whole.with_suffix(suffix).read_bytes()


def kill_when(command: list[str], is_time: Callable[[], bool]) -> None:
    """Runs the command and kills it with SIGKILL as soon as it is time."""
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) as process:
        while not is_time():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.01)
                pytest.fail(f"ended before it was killed: {process.stderr.read()}")
        process.kill()


def test_kill_between_the_final_renames_is_healed_by_the_same_command(draw, pool_of, out, monkeypatch):
    draw("a.png")
    pool = pool_of("a.png")
    extract(pool, out, CLASSIC, num_workers=0)
    expected = out.read_bytes()
    out.unlink()
    with monkeypatch.context() as patch:
        patch.setattr("winnow.features.extraction._write_failures", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            extract(pool, out, CLASSIC, num_workers=0)
    with pytest.raises(FeaturesError, match="There are no features"):
        open_features(out, pool)
    extract(pool, out, CLASSIC, num_workers=0)
    assert out.read_bytes() == expected
    assert open_features(out, pool).is_valid.tolist() == [True]


def test_second_run_on_one_output_is_refused(draw, pool_of, out):
    draw("a.png")
    with FileLock(out.with_name(".features.npy.lock")), pytest.raises(FeaturesError, match="Another compute_features"):
        extract(pool_of("a.png"), out, CLASSIC, num_workers=0)


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_full_disk_is_a_clear_error(draw, pool_of, out):
    draw("a.png")
    refs = pool_of(*boxes("a.png", 30)).refs_path
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)); "
        f"from compute_features import main; "
        f"sys.exit(main(['--refs', {str(refs)!r}, '--out', {str(out)!r}, '--model', 'classic']))"
    )
    finished = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 2
    assert "cannot be written: File too large. Free some space" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not out.exists()


def test_strict_exits_with_1_and_plain_with_0_when_an_item_failed(draw, pool_of, out, capsys):
    draw("a.png")
    refs = str(pool_of("a.png", "gone.png").refs_path)
    assert main(["--refs", refs, "--model", "classic", "--num_workers=0"]) == 0
    assert main(["--refs", refs, "--model", "classic", "--num_workers", "0", "--strict"]) == 1
    shown = capsys.readouterr()
    assert "not computed: gone.png" in shown.err
    assert f"1 items could not be computed; all are in {out.with_suffix('.errors.csv')}" in shown.err
    assert "2 items by classic; 1 computed now from 1 images, 1 known before" in shown.out


def test_underscored_options_are_the_hyphened_ones(draw, pool_of, out):
    draw("a_b.png")
    refs = pool_of("a_b.png").refs_path
    assert main([f"--refs={refs}", f"--out={out}", "--model=classic", "--batch_size=7", "--num_workers", "0"]) == 0
    assert json.loads(out.with_suffix(".json").read_text())["encoder"] == "classic"


def test_users_mistakes_end_with_2_and_one_message(draw, pool_of, tmp_path, capsys):
    draw("a.png")
    refs = str(pool_of("a.png").refs_path)
    for arguments, said in (
        (["--refs", str(tmp_path / "none.txt")], "the refs file cannot be read"),
        (["--refs", refs, "--out", "f.npz"], "--out must end in .npy"),
        (["--refs", refs, "--model", "classic", "--pool", "roi"], "has no patches"),
        (["--refs", refs, "--model", "classic", "--context", "-1"], "--context must lie in 0 … 10"),
        (["--refs", refs, "--pool", "roi", "--context", "1"], "--context belongs to --pool crop"),
    ):
        assert main(arguments) == 2
        assert said in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--batch-size", "0"], ["--num-workers", "-1"], ["--batch-size", "x"]])
def test_numbers_out_of_range_are_refused(arguments):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
