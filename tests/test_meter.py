"""The recall meter on an open session: which verdicts are looks, and what happens when what is shown changes."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from small_pool import draw_pool, is_red

from winnow.errors import SettingsError
from winnow.filters import Filter
from winnow.meter.epochs import Epoch, Epochs, floor_at, next_floor
from winnow.meter.meter import Meter
from winnow.meter.work import Reading, kind_of
from winnow.session import Session
from winnow.settings import Settings
from winnow.verdicts.log import Verdict

WAIT_S = 60.0


class Labelling:
    """A session, its meter and somebody who judges by true colour."""

    def __init__(self, settings: Settings) -> None:
        self.session = Session(settings)
        self.meter = Meter(self.session)

    def judge(self, n: int, label: int | None = -1) -> list[str]:
        """Judge the next n of the queue, by their colour unless a label is given; answers the items."""
        judged = []
        for _ in range(n):
            view = self.session.queue(1)
            row, way = int(view.rows[0]), view.ways[0]
            item_id = self.session.pool.item(row).id
            self.session.judge(
                item_id,
                is_red(row) if label == -1 else label,
                key=str(uuid.uuid4()),
                annotator="ana",
                model_version=view.snapshot.version,
                strategy=way,
            )
            judged.append(item_id)
        return judged

    def reading(self) -> Reading:
        reading = self.meter.reading(timeout_s=WAIT_S)
        assert reading is not None
        return reading

    def undo(self) -> None:
        self.session.undo(key=None, annotator="ana")

    def close(self) -> None:
        self.meter.close()
        self.session.close()


@pytest.fixture
def labelling(tmp_path: Path) -> Iterator[Labelling]:
    opened = Labelling(Settings(refs=draw_pool(tmp_path), annotator="ana", goal="audit", atlas=False))
    yield opened
    opened.close()


def verdict(way: str, *, label: int | None = 0, goal: str | None = None, rank: int | None = 3) -> Verdict:
    return Verdict("k", "i", label, "ana", "p", strategy=way, goal=goal, rank=rank, selection_probability=0.5, seq=1)


@pytest.mark.parametrize(
    ("way", "kind"),
    [
        ("random", "random"),
        ("max_probability", "ranked"),
        ("score", "ranked"),
        *[
            (way, None)
            for way in ("entropy", "cover", "example", "unusual", "tour", "disagreement", "repeat", "review")
        ],
        *[(way, None) for way in ("import", "correction", "sweep", "grid", "lasso", "random_audit")],
    ],
)
def test_only_drawn_and_ranked_items_are_looks(way: str, kind: str | None) -> None:
    assert kind_of(verdict(way)) == kind


def test_a_grid_is_ranked_where_the_goal_ranks() -> None:
    assert kind_of(verdict("grid", goal="find_all")) == "ranked"
    assert kind_of(verdict("grid", goal="teach")) is None


def test_an_item_that_was_looked_up_elsewhere_is_no_look() -> None:
    assert kind_of(verdict("random", rank=None)) is None
    assert kind_of(verdict("max_probability", rank=None)) is None


def test_a_skip_is_no_look() -> None:
    assert kind_of(verdict("random", label=None)) is None


def test_looks_survive_a_restart(tmp_path: Path) -> None:
    settings = Settings(refs=draw_pool(tmp_path), annotator="ana", goal="audit", atlas=False)
    first = Labelling(settings)
    first.judge(12)
    before = first.reading()
    first.close()
    second = Labelling(settings)
    assert second.reading() == before
    assert before.prevalence is not None
    assert before.prevalence.looks == 12
    second.close()


def test_looks_at_items_that_left_the_pool_are_passed_over(tmp_path: Path) -> None:
    settings = Settings(refs=draw_pool(tmp_path), annotator="ana", goal="audit", atlas=False)
    first = Labelling(settings)
    gone = first.session.pool.row_of(first.judge(6)[-1])
    first.close()
    lines = settings.refs.read_text().splitlines()
    settings.refs.write_text("\n".join(lines[:gone] + lines[gone + 1 :]) + "\n")
    np.save(tmp_path / "features.npy", np.delete(np.load(tmp_path / "features.npy"), gone, axis=0))
    second = Labelling(settings)
    reading = second.reading()
    assert (reading.population, reading.looked, reading.prevalence) == (39, 5, None)
    second.close()


def test_each_pool_of_a_log_has_looks_and_lots_of_its_own(tmp_path: Path) -> None:
    settings = Settings(refs=draw_pool(tmp_path), annotator="ana", goal="audit", atlas=False)
    lines = settings.refs.read_text().splitlines()
    other = settings.model_copy(update={"refs": tmp_path / "other.txt", "features": tmp_path / "features.npy"})
    other.refs.write_text("".join(f"{line.split()[0]} 0 0 20 20\n" for line in lines))
    first = Labelling(settings)
    narrow = Filter(images=tuple(f"{i}.png" for i in range(20)))
    first.session.set_filter(narrow, {})
    first.judge(10)
    first.reading()
    first.session.set_filter(Filter(), {})  # from here on these lots count only above those that were drawn
    first.judge(8)
    before = first.reading()
    first.close()
    elsewhere = Labelling(other)
    elsewhere.judge(7)
    reading = elsewhere.reading()
    assert reading.prevalence is not None
    assert (reading.population, reading.looked, reading.prevalence.looks) == (40, 7, 7)
    elsewhere.close()
    again = Labelling(settings)
    back = again.reading()
    assert (back.looked, back.at_most, back.prevalence) == (before.looked, before.at_most, before.prevalence)
    again.close()


def test_looks_at_fewer_items_say_nothing_of_more(labelling: Labelling) -> None:
    labelling.session.set_filter(Filter(images=tuple(f"{i}.png" for i in range(20))), {})
    labelling.judge(8)
    assert labelling.reading().bound_method == "random"
    labelling.session.set_filter(Filter(), {})
    wider = labelling.reading()
    assert (wider.population, wider.looked, wider.bound_method, wider.prevalence) == (40, 8, None, None)


def test_looks_at_more_items_count_for_fewer(labelling: Labelling) -> None:
    labelling.judge(12)
    shown = [int(path.removesuffix(".png")) for path in _paths_judged(labelling)]
    labelling.session.set_filter(Filter(images=tuple(f"{i}.png" for i in range(20))), {})
    narrower = labelling.reading()
    of_these = [i for i in shown if i < 20]
    assert (narrower.population, narrower.looked) == (20, len(of_these))
    assert narrower.prevalence is not None
    assert narrower.prevalence.looks == len(of_these)


def _paths_judged(labelling: Labelling) -> list[str]:
    return [one.path for one in labelling.session.current_labels()]


def test_what_comes_in_by_a_wider_filter_is_no_draw_until_its_lots_are_caught_up(labelling: Labelling) -> None:
    narrow = Filter(images=tuple(f"{i}.png" for i in range(20)))
    labelling.session.set_filter(narrow, {})
    labelling.judge(15)
    labelling.reading()
    highest = max(_lots(labelling, labelling.session.current_labels()))
    labelling.session.set_filter(Filter(), {})
    labelling.reading()
    labelling.judge(15)
    prevalence = labelling.reading().prevalence
    later = _lots(labelling, labelling.session.current_labels()[15:])
    assert (prevalence.looks if prevalence else 0) == sum(lot > highest for lot in later) < 15


def _lots(labelling: Labelling, verdicts: list[Verdict]) -> list[float]:
    lot = labelling.session.learner.learnt.snapshot.lot
    return [1 - float(lot[labelling.session.pool.row_of(one.item_id)]) for one in verdicts]


def test_a_skip_taken_back_after_other_looks_may_be_a_positive(labelling: Labelling) -> None:
    labelling.judge(1, label=None)
    labelling.judge(38)
    without = labelling.reading()
    assert (without.open, without.at_most) == (1, without.found + 1)
    labelling.session.return_skipped(key="r", annotator="ana")
    returned = labelling.reading()
    assert (returned.open, returned.population) == (2, 40)
    assert returned.at_most == without.found + 2
    labelling.judge(2)
    assert (labelling.reading().at_most, labelling.reading().bound) == (10, 1.0)


def test_an_undone_verdict_is_as_if_it_had_not_been(labelling: Labelling) -> None:
    labelling.judge(9)
    before = labelling.reading()
    labelling.judge(3)
    labelling.reading()
    for _ in range(3):
        labelling.undo()
    after = labelling.reading()
    assert (after.found, after.looked, after.at_most, after.bound, after.prevalence) == (
        before.found,
        before.looked,
        before.at_most,
        before.bound,
        before.prevalence,
    )


def test_a_label_changed_later_changes_what_its_look_said(labelling: Labelling) -> None:
    first = labelling.judge(6)[0]
    before = labelling.reading()
    row = labelling.session.pool.row_of(first)
    labelling.session.judge(first, 1 - is_red(row), key="c", annotator="ana")
    after = labelling.reading()
    assert after.looked == before.looked
    assert after.found == before.found + (1 if not is_red(row) else -1)
    assert after.prevalence != before.prevalence


def test_the_target_is_kept_and_bounded(labelling: Labelling) -> None:
    assert labelling.reading().target == 0.95
    labelling.meter.set_target(0.8)
    assert labelling.reading().target == 0.8
    with pytest.raises(SettingsError, match=r"0\.5"):
        labelling.meter.set_target(0.3)


def test_epochs_of_another_pool_do_not_count() -> None:
    epochs = Epochs([Epoch(0, "a", "x", True), Epoch(10, "b", "y", True), Epoch(20, "a", "x", False)])
    spans = epochs.counting("a")
    assert [floor_at(spans, seq) for seq in (0, 1, 10, 11, 20, 21)] == [np.inf, 0.0, 0.0, np.inf, np.inf, 0.0]


def test_a_wider_epoch_ends_what_counted_before() -> None:
    epochs = Epochs([Epoch(0, "a", "x", True), Epoch(10, "a", "y", True, 0.4)])
    spans = epochs.counting("a")
    assert [floor_at(spans, seq) for seq in (5, 10, 11)] == [np.inf, np.inf, 0.4]


def test_the_same_epoch_goes_on() -> None:
    epochs = Epochs([Epoch(0, "a", "x", True)])
    epochs.begin(Epoch(10, "a", "x", False))
    assert Epochs.from_json(epochs.to_json()).counting("a") == [(0, 0.0)]
    assert epochs.is_known("a", "x")
    assert not epochs.is_known("a", "y")


def test_epochs_that_count_for_nothing_are_forgotten() -> None:
    epochs = Epochs([Epoch(0, "a", "x", True)])
    epochs.begin(Epoch(10, "a", "y", True))
    assert epochs.to_json() == Epochs([Epoch(10, "a", "y", True)]).to_json()


@pytest.mark.parametrize(
    ("lots", "before", "floor"),
    [([], 0.3, 0.3), ([0.1, 0.2, 0.4], 0.0, 0.4), ([0.1, 0.2], 0.3, 0.3), ([0.9, 0.1, 0.7, 0.2, 0.8, 0.3], 0.0, 0.0)],
)
def test_the_floor_is_the_last_lot_unless_lots_were_drawn_anew(lots: list[float], before: float, floor: float) -> None:
    assert next_floor(np.array(lots, np.float32), before) == pytest.approx(floor)
