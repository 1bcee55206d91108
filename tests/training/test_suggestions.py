"""Suggestions: each rule by its numbers, and silence where a setting is so already."""

from dataclasses import replace
from typing import Any

import pytest

from winnow.training.sessions import RankingSettings, SessionSettings
from winnow.training.suggestions import DatasetFacts, Machine, Suggestion, suggestions

FACTS = DatasetFacts(n_images=1000, n_waiting=0, boxes={"a": 900, "b": 400}, median_side=0.05, median_longer_px=640)
LARGE = Machine(ram_free=64_000_000_000, gpu_free=None)
FITTING = SessionSettings(epochs=60, batch=64, imgsz=512)


def found(facts: DatasetFacts = FACTS, machine: Machine = LARGE, base: str = "yolo11n.yaml", **settings: Any) -> dict:
    return {one.setting: one.value for one in suggestions(facts, machine, replace(FITTING, **settings), base)}


def test_nothing_is_suggested_where_all_is_so_already() -> None:
    assert suggestions(FACTS, LARGE, FITTING, "yolo11n.yaml") == []


def test_a_suggestion_has_its_reason_with_the_numbers() -> None:
    (only,) = suggestions(FACTS, LARGE, replace(FITTING, imgsz=640, batch=64), "yolo11n.yaml")
    assert only == Suggestion(
        "imgsz",
        512,
        "The median box is 5.0 % of its image's side. At 512 px that is 26 px; the rule takes the smallest size, from "
        "320 px on, that makes it 24 px, but enlarges no image (640 px).",
    )


@pytest.mark.parametrize(
    ("median_side", "longer_px", "imgsz"),
    [
        (0.30, 640, 320),
        (0.06, 640, 416),
        (0.03, 4000, 800),
        (0.01, 4000, 1280),
        (0.01, 640, 640),
        (0.30, 200, 224),
        (0.5, 40, 64),
    ],
)
def test_the_image_size_follows_the_median_box(median_side: float, longer_px: int, imgsz: int) -> None:
    facts = replace(FACTS, median_side=median_side, median_longer_px=longer_px)
    assert found(facts, imgsz=1024)["imgsz"] == imgsz


@pytest.mark.parametrize(
    ("ram_free", "gpu_free", "device", "imgsz", "base", "batch"),
    [
        (4_000_000_000, None, "auto", 640, "yolo11n.yaml", 4),  # 0.6 · 4 GB / 400 MB = 6
        (4_000_000_000, None, "auto", 320, "yolo11n.yaml", 16),  # a quarter of the pixels: 24
        (4_000_000_000, None, "auto", 640, "yolo11s.pt", 2),  # twice the model: 3
        (100_000_000, None, "auto", 640, "yolo11n.yaml", 1),
        (1_000_000_000, 8_000_000_000, "auto", 640, "yolo11n.yaml", 16),  # 0.6 · 8 GB / 200 MB = 24
        (4_000_000_000, 8_000_000_000, "cpu", 640, "yolo11n.yaml", 4),
    ],
)
def test_the_batch_is_the_power_of_two_that_fits(
    ram_free: int, gpu_free: int | None, device: str, imgsz: int, base: str, batch: int
) -> None:
    machine = Machine(ram_free, gpu_free)
    assert found(machine=machine, base=base, device=device, imgsz=imgsz, batch=128)["batch"] == batch


def test_a_small_set_gets_a_small_batch() -> None:
    assert found(replace(FACTS, n_images=20))["batch"] == 4


@pytest.mark.parametrize(("n_images", "epochs"), [(40, 150), (200, 100), (900, 60), (5000, 40), (50_000, 25)])
def test_fewer_images_get_more_epochs(n_images: int, epochs: int) -> None:
    assert found(replace(FACTS, n_images=n_images), epochs=7)["epochs"] == epochs


def test_what_goes_on_from_a_version_needs_no_more_than_its_few_epochs() -> None:
    assert found(base="v3", epochs=100)["epochs"] == 40
    assert "epochs" not in found(base="v3", epochs=40)
    assert "epochs" not in found(base="v3", epochs=None)


def test_the_next_iteration_goes_on_from_the_newest_version() -> None:
    few = replace(FACTS, n_images=100)
    values = {one.setting: one.value for one in suggestions(few, LARGE, FITTING, "yolo11m.pt", newest=2)}
    assert values["base"] == "v2"
    assert values["epochs"] == 40
    assert "freeze" not in values
    assert "base" not in {one.setting for one in suggestions(few, LARGE, FITTING, "v2", newest=2)}
    assert {one.setting: one.value for one in suggestions(few, LARGE, FITTING, "v1", newest=2)}["base"] == "v2"


def test_few_images_get_the_smallest_model_and_a_frozen_start() -> None:
    few = replace(FACTS, n_images=100)
    values = found(few, base="yolo11m.pt")
    assert (values["base"], values["freeze"]) == ("yolo11n.pt", 10)
    assert found(few, base="yolov8s.yaml")["base"] == "yolov8n.yaml"
    assert not {"base", "freeze"} & found(few, base="yolo11n.yaml").keys()
    assert "freeze" not in found(few, base="yolo11n.pt", freeze=5)


def test_more_waiting_than_whole_images_suggest_partial() -> None:
    waiting = replace(FACTS, n_images=300, n_waiting=301)
    assert found(waiting)["partial"] is True
    assert "partial" not in found(waiting, partial=True)
    assert "partial" not in found(replace(FACTS, n_waiting=1000))


@pytest.mark.parametrize(
    ("boxes", "is_suggested"),
    [({"a": 900, "b": 19}, True), ({"a": 900, "b": 90}, True), ({"a": 900, "b": 91}, False), ({"a": 5}, False)],
)
def test_lopsided_classes_suggest_balance(boxes: dict[str, int], is_suggested: bool) -> None:
    assert ("class_balance" in found(replace(FACTS, boxes=boxes))) is is_suggested
    assert "class_balance" not in found(replace(FACTS, boxes=boxes), ranking=RankingSettings(class_balance=True))


def test_a_gpu_that_is_not_used_is_said() -> None:
    machine = Machine(64_000_000_000, 24_000_000_000)
    assert found(machine=machine, device="cpu")["device"] == "auto"
    assert "device" not in found(machine=machine, device="auto")


def test_nothing_known_of_the_data_suggests_nothing_of_it() -> None:
    nothing = DatasetFacts(0, 0, {}, None, None)
    assert found(nothing).keys() <= {"batch"}
