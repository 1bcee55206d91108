"""The segmenter's process: killed, hung up on, or never started, it says so and starts again."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from winnow.errors import BadBox, SegmenterError, UnreadableImage
from winnow.masks.process import SegmenterProcess
from winnow.masks.prompts import Prompt

NAME = "tiny_sam_random.safetensors"
BOX = Prompt((2, 2, 20, 15))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from winnow.masks.tiny import build_tiny_sam
    from winnow.masks.tiny_training import write_weights

    folder = tmp_path_factory.mktemp("weights")
    write_weights(build_tiny_sam(), folder / NAME)
    return folder


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def segmenter(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SegmenterProcess]:
    process = SegmenterProcess(NAME, weights, tmp_path_factory.mktemp("embeddings"), 10**6)
    yield process
    process.close()


def until(holds: Any) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end


def pid_of(segmenter: SegmenterProcess) -> int:
    assert segmenter._run is not None
    return segmenter._run._process.pid


def test_it_starts_at_the_first_use_and_names_what_it_refuses(segmenter: SegmenterProcess, image: Path) -> None:
    assert segmenter.state() == ("stopped", None)
    answer = segmenter.predict(image, BOX)
    assert (answer.is_new, answer.predicted.mask_hw.shape) == (True, (20, 30))
    assert segmenter.state() == ("ready", None)
    with pytest.raises(BadBox, match="30 × 20"):
        segmenter.predict(image, Prompt((0, 0, 31, 5)))
    with pytest.raises(SegmenterError, match="Nothing says where"):
        segmenter.predict(image, Prompt())
    with pytest.raises(UnreadableImage, match="no such file"):
        segmenter.predict(image.with_name("none.png"), BOX)
    image.write_bytes(b"no image")
    with pytest.raises(UnreadableImage, match="not an image"):
        segmenter.predict(image, BOX)


def test_images_are_embedded_ahead(segmenter: SegmenterProcess, image: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no image")
    assert segmenter.prepare([image, bad]) == {image: "working", bad: "working"}
    until(lambda: segmenter.prepare([image, bad]) == {image: "ready", bad: "failed"})
    assert segmenter.predict(image, BOX).is_new is False
    bad.write_bytes(image.read_bytes())
    until(lambda: segmenter.prepare([bad]) == {bad: "ready"})


def test_one_that_hangs_is_not_waited_for_for_ever(segmenter: SegmenterProcess, image: Path) -> None:
    segmenter.predict(image, BOX)
    os.kill(pid_of(segmenter), signal.SIGSTOP)
    with pytest.raises(SegmenterError, match="has not answered for 0 s"):
        segmenter.predict(image, BOX, timeout_s=0.1)
    os.kill(pid_of(segmenter), signal.SIGCONT)


def test_a_killed_segmenter_tells_who_waits_and_starts_again(segmenter: SegmenterProcess, image: Path) -> None:
    before = segmenter.predict(image, BOX).predicted
    os.kill(pid_of(segmenter), signal.SIGSTOP)  # it cannot answer
    assert segmenter._run is not None
    waiting = segmenter._run.ask(image, BOX)
    os.kill(pid_of(segmenter), signal.SIGKILL)
    with pytest.raises(SegmenterError, match="broke off: it was killed"):
        waiting.result(60)
    state, problem = segmenter.state()
    assert state == "failed"
    assert "killed (signal 9), most likely because memory ran out" in str(problem)
    assert segmenter.prepare([image]) == {image: "failed"}
    assert segmenter.state()[0] == "failed"
    again = segmenter.predict(image, BOX)
    assert (again.predicted, again.is_new) == (before, False)  # the embedding was on disk
    assert segmenter.state() == ("ready", None)


def test_its_process_ends_with_it(segmenter: SegmenterProcess, image: Path) -> None:
    segmenter.predict(image, BOX)
    assert segmenter._run is not None
    process = segmenter._run._process
    segmenter.close()
    assert process.poll() is not None
    assert segmenter.state() == ("stopped", None)


def test_weights_that_cannot_be_loaded_are_told_and_not_tried_ahead(tmp_path: Path, image: Path) -> None:
    (tmp_path / NAME).write_bytes(b"\0" * 100)
    broken = SegmenterProcess(NAME, tmp_path, tmp_path / "cache", 10**6)
    with pytest.raises(SegmenterError, match="does not hold the tiny SAM's weights"):
        broken.predict(image, BOX)
    assert broken.state()[0] == "failed"
    assert broken.prepare([image]) == {image: "failed"}
    broken.close()
