"""The hold-out split: drawn once, whole groups, frozen, growing by new images alone."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.errors import DatasetError
from winnow.training.holdout import Holdout


def alone(*names: str) -> dict[str, str | None]:
    return dict.fromkeys(names)


TEN = alone(*(f"{i}.png" for i in range(10)))


def test_the_share_of_all_images_is_held_out() -> None:
    holdout = Holdout().drawn(TEN, share=0.3, seed=0)
    assert len(holdout.paths("holdout")) == 3
    assert len(holdout.paths("train")) == 7


def test_the_draw_follows_from_seed_and_images_alone() -> None:
    first, again = (Holdout().drawn(TEN, share=0.3, seed=5).paths("holdout") for _ in range(2))
    backwards = Holdout().drawn(dict(reversed(TEN.items())), share=0.3, seed=5).paths("holdout")
    others = {tuple(Holdout().drawn(TEN, share=0.3, seed=seed).paths("holdout")) for seed in range(5)}
    assert first == again == backwards
    assert len(others) > 1


def test_a_second_draw_moves_no_image_and_keeps_the_share_overall() -> None:
    first = Holdout().drawn(TEN, share=0.3, seed=0)
    more = first.drawn({**TEN, **alone(*(f"new{i}.png" for i in range(10)))}, share=0.3, seed=1)
    assert {path: more.part_of(path) for path in TEN} == {path: first.part_of(path) for path in TEN}
    assert len(more.paths("holdout")) == 6


def test_images_that_come_one_by_one_are_held_out_at_the_same_share() -> None:
    holdout = Holdout().drawn(TEN, share=0.2, seed=0)
    for i in range(20):
        holdout = holdout.drawn(alone(f"new{i}.png"), share=0.2, seed=0)
    assert len(holdout.paths("holdout")) == 6


def test_nothing_new_is_no_draw() -> None:
    holdout = Holdout().drawn(TEN, share=0.2, seed=0)
    assert holdout.drawn(TEN, share=0.9, seed=3) is holdout


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=4), st.sampled_from([None, "g1", "g2", "g3"]), max_size=20),
    st.dictionaries(st.text("abcd", min_size=1, max_size=4), st.sampled_from([None, "g1", "g2", "g4"]), max_size=20),
    st.floats(0.05, 0.95),
)
def test_a_group_is_never_split(first: dict[str, str | None], second: dict[str, str | None], share: float) -> None:
    holdout = Holdout().drawn(first, share=share, seed=0).drawn({**second, **first}, share=share, seed=0)
    parts_of: dict[str, set[str | None]] = {}
    for path, group in {**second, **first}.items():
        assert holdout.part_of(path) in ("train", "holdout")
        if group:
            parts_of.setdefault(group, set()).add(holdout.part_of(path))
    assert all(len(parts) == 1 for parts in parts_of.values())


def test_a_share_too_small_for_any_group_still_holds_out_the_smallest() -> None:
    images = {**dict.fromkeys(["a1", "a2", "a3"], "a"), **dict.fromkeys(["b1", "b2"], "b")}
    assert Holdout().drawn(images, share=0.2, seed=0).paths("holdout") == ["b1", "b2"]


def test_an_assigned_image_stays_where_an_earlier_draw_or_its_group_is() -> None:
    holdout = Holdout().assigned({"a": "holdout", "b": "train"}, {"a": "g"})
    again = holdout.assigned({"a": "train", "c": "train", "d": "holdout"}, {"c": "g"})
    assert {path: again.part_of(path) for path in "abcd"} == {
        "a": "holdout",
        "b": "train",
        "c": "holdout",
        "d": "holdout",
    }


def test_imported_holdout_images_count_towards_the_share() -> None:
    assigned = Holdout().assigned({f"val{i}.png": "holdout" for i in range(10)}, {})
    assert len(assigned.drawn(TEN, share=0.2, seed=0).paths("holdout")) == 10


def test_the_file_answers_the_same_split(tmp_path: Path) -> None:
    holdout = Holdout().drawn(TEN, share=0.2, seed=0).assigned({"x.png": "holdout"}, {"x.png": "g"})
    holdout.write(tmp_path / "workspace" / "holdout.json")
    assert Holdout.read(tmp_path / "workspace" / "holdout.json").draws == holdout.draws
    assert [draw["kind"] for draw in json.loads((tmp_path / "workspace/holdout.json").read_text())["draws"]] == [
        "drawn",
        "assigned",
    ]


def test_a_missing_file_is_an_empty_split(tmp_path: Path) -> None:
    assert Holdout.read(tmp_path / "holdout.json").draws == ()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"schema": 1, "draws": [1]}', '{"schema": 99, "draws": []}'])
def test_a_damaged_file_is_refused_and_not_drawn_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "holdout.json").write_text(content)
    with pytest.raises(DatasetError, match=r"holdout\.json"):
        Holdout.read(tmp_path / "holdout.json")


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, 20.0, float("nan")])
def test_a_share_outside_0_to_1_is_refused(share: float) -> None:
    with pytest.raises(DatasetError, match="share"):
        Holdout().drawn(TEN, share=share, seed=0)
