"""What verdicts say of each image: truth, background, what nobody has judged, and when an image is complete."""

from pathlib import Path

import numpy as np
import pytest

from winnow.pool import open_pool
from winnow.pool.boxes import iou
from winnow.pool.identity import item_id_of
from winnow.training.listing import Listing
from winnow.training.truth import ImageRecord, Truth
from winnow.verdicts.ledger import Ledger
from winnow.verdicts.log import NewVerdict, VerdictLog

CAT, DOG = (0.0, 0.0, 10.0, 10.0), (20.0, 20.0, 40.0, 40.0)
REFS = """path,x1,y1,x2,y2,class,score,group
a.png,0,0,10,10,cat,0.9,farm
a.png,20,20,40,40,dog,0.4,farm
b.png,0,0,10,10,cat,0.2,
"""


class Story:
    """A pool of two images and what people said of it."""

    def __init__(self, folder: Path, refs: str = REFS) -> None:
        (folder / "refs.csv").write_text(refs)
        self.pool = open_pool(folder / "refs.csv")
        self.log = VerdictLog(f"sqlite:///{folder / 'w.db'}")
        self.n = 0

    def say(self, box: tuple | None = CAT, label: int | None = 1, path: str = "a.png", **more: object) -> "Story":
        self.n += 1
        item_id = item_id_of(path, box)
        more = {"strategy": "entropy", **more}
        self.log.append([NewVerdict(f"k{self.n}", item_id, label, "ana", path, box, **more)])  # type: ignore[arg-type]
        return self

    def record(self, path: str = "a.png", covered: list[bool] | None = None) -> ImageRecord:
        truth = Truth(self.pool, Ledger(self.log.replay()), covered=None if covered is None else np.array(covered))
        return truth.record(path)


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


def boxes(regions: tuple) -> list[tuple]:
    return [(region.box_xyxy, region.class_name) for region in regions]


def test_an_image_nobody_looked_at_is_untouched_and_all_unreviewed(story: Story) -> None:
    record = story.record()
    assert (record.state, record.group) == ("untouched", "farm")
    assert boxes(record.unreviewed) == [(CAT, "cat"), (DOG, "dog")]
    assert (record.accepted, record.rejected, record.to_correct) == ((), (), ())


def test_an_image_is_complete_when_every_proposal_is_judged(story: Story) -> None:
    assert story.say(CAT, 1).record().state == "in_progress"
    record = story.say(DOG, 0).record()
    assert record.state == "complete"
    assert boxes(record.accepted) == [(CAT, "cat")]
    assert boxes(record.rejected) == [(DOG, "dog")]


def test_a_skip_leaves_a_region_unreviewed(story: Story) -> None:
    record = story.say(CAT, 1).say(DOG, None).record()
    assert record.state == "in_progress"
    assert boxes(record.unreviewed) == [(DOG, "dog")]


def test_a_corrected_class_overrides_the_proposed_one(story: Story) -> None:
    record = story.say(CAT, 0, reason="wrong_class", class_name="fox").say(DOG, 0, reason="background").record()
    assert (record.state, boxes(record.accepted), boxes(record.rejected)) == (
        "complete",
        [(CAT, "fox")],
        [(DOG, "dog")],
    )


@pytest.mark.parametrize("reason", ["wrong_class", "bad_box"])
def test_an_object_whose_class_or_box_is_wrong_is_never_background(story: Story, reason: str) -> None:
    record = story.say(CAT, 0, reason=reason).say(DOG, 1).record()
    assert record.state == "in_progress"
    assert boxes(record.to_correct) == boxes(record.unreviewed) == [(CAT, "cat")]
    assert record.rejected == ()


def test_a_corrected_box_takes_the_place_of_the_bad_one(story: Story) -> None:
    story.say(CAT, 0, reason="bad_box").say(DOG, 1)
    better = (1.0, 1.0, 12.0, 12.0)
    record = story.say(better, 1, class_name="cat", replaces=item_id_of("a.png", CAT)).record()
    assert record.state == "complete"
    assert boxes(record.accepted) == [(better, "cat"), (DOG, "dog")]


def test_a_correction_taken_back_leaves_the_bad_box_to_correct(story: Story) -> None:
    story.say(CAT, 0, reason="bad_box").say(DOG, 1).say((1.0, 1.0, 12.0, 12.0), 1, replaces=item_id_of("a.png", CAT))
    verdict = Ledger(story.log.replay()).newest_of("ana")
    assert verdict is not None
    story.log.undo([verdict], key="u", annotator="ana")
    assert boxes(story.record().to_correct) == [(CAT, "cat")]


def test_a_duplicate_is_neither_truth_nor_background(tmp_path: Path) -> None:
    twin = (1.0, 1.0, 11.0, 11.0)
    story = Story(tmp_path, "path,x1,y1,x2,y2,class\na.png,0,0,10,10,cat\na.png,1,1,11,11,cat\n")
    record = story.say(CAT, 1).say(twin, 0, reason="duplicate").record()
    assert (record.state, boxes(record.accepted), record.rejected) == ("complete", [(CAT, "cat")], ())


def test_a_duplicate_of_nothing_accepted_is_an_object_to_correct(story: Story) -> None:
    record = story.say(CAT, 1).say(DOG, 0, reason="duplicate").record()
    assert (record.state, boxes(record.to_correct), record.rejected) == ("in_progress", [(DOG, "dog")], ())


def test_an_open_miss_holds_an_image_back_until_it_is_completed(story: Story) -> None:
    story.say(CAT, 1).say(DOG, 1).say(None, None, kind="miss", strategy="miss")
    assert (story.record().state, story.record().open_misses) == ("in_progress", 1)
    story.say((50.0, 50.0, 60.0, 60.0), 1, class_name="cat").say(None, None, kind="complete", strategy="complete")
    record = story.record()
    assert (record.state, record.open_misses, len(record.accepted)) == ("complete", 0, 3)


def test_a_miss_after_the_completion_opens_the_image_again(story: Story) -> None:
    story.say(None, None, kind="complete", strategy="complete").say(None, None, kind="miss", strategy="miss")
    assert (story.record().state, story.record().open_misses) == ("in_progress", 1)


def test_a_completed_image_has_nothing_unreviewed(story: Story) -> None:
    record = story.say(CAT, 1).say(None, None, kind="complete", strategy="complete").record()
    assert (record.state, record.unreviewed, boxes(record.accepted)) == ("complete", (), [(CAT, "cat")])


def test_a_near_duplicate_set_aside_needs_no_verdict_of_its_own(story: Story) -> None:
    story.say(CAT, 1)
    assert story.record(covered=[False, True, False]).state == "complete"
    assert story.record(covered=[False, False, False]).state == "in_progress"


def test_an_image_that_no_refs_list_is_complete_only_by_word(story: Story) -> None:
    story.say(CAT, 1, path="old.png", proposed_class="cat").say(None, None, path="new.png", kind="complete")
    truth = Truth(story.pool, Ledger(story.log.replay()))
    assert truth.paths == ["a.png", "b.png", "new.png", "old.png"]
    assert truth.states().tolist() == [0, 0, 2, 1]
    assert (boxes(truth.record("old.png").accepted), truth.record("old.png").is_listed) == ([(CAT, "cat")], False)


@pytest.fixture
def later(tmp_path: Path) -> Listing:
    """What a later round proposed on the same images."""
    (tmp_path / "later.csv").write_text("path,x1,y1,x2,y2,class,score\na.png,5,5,9,9,cow,0.3\n")
    return Listing(open_pool(tmp_path / "later.csv"))


def test_an_image_judged_whole_in_one_round_stays_complete_in_the_next(story: Story, later: Listing) -> None:
    story.say(CAT, 1).say(DOG, 0)
    first = Listing(story.pool)
    record = Truth(later, Ledger(story.log.replay()), others=[first]).record("a.png")
    assert (record.state, boxes(record.accepted), boxes(record.rejected)) == (
        "complete",
        [(CAT, "cat")],
        [(DOG, "dog")],
    )


def test_what_a_later_round_proposes_where_nothing_was_judged_is_unreviewed(story: Story, tmp_path: Path) -> None:
    (tmp_path / "later.csv").write_text("path,x1,y1,x2,y2,class\na.png,60,60,90,90,cow\na.png,1,0,10,10,cat\n")
    story.say(CAT, 1).say(DOG, 0)
    listing = Listing(open_pool(tmp_path / "later.csv"))
    record = Truth(listing, Ledger(story.log.replay()), others=[Listing(story.pool)]).record("a.png")
    assert (record.state, boxes(record.unreviewed)) == ("complete", [((60.0, 60.0, 90.0, 90.0), "cow")])


def test_a_round_is_judged_where_an_earlier_verdict_speaks_for_its_box(story: Story, tmp_path: Path) -> None:
    (tmp_path / "later.csv").write_text("path,x1,y1,x2,y2,class\na.png,60,60,90,90,cow\na.png,1,0,10,10,cat\n")
    story.say(CAT, 1).say((60.0, 60.0, 90.0, 90.0), 0, proposed_class="cow")
    listing = Listing(open_pool(tmp_path / "later.csv"))
    assert Truth(listing, Ledger(story.log.replay()), others=[Listing(story.pool)]).record("a.png").state == "complete"


@pytest.mark.parametrize("said", [{"label": None}, {"label": 0, "reason": "blurred"}])
def test_what_an_earlier_round_left_unsettled_speaks_for_no_later_box(story: Story, tmp_path: Path, said: dict) -> None:
    (tmp_path / "later.csv").write_text("path,x1,y1,x2,y2,class\na.png,1,0,10,10,cat\na.png,60,60,90,90,cow\n")
    cow = (60.0, 60.0, 90.0, 90.0)
    story.say(CAT, **said).say(DOG, 1).say(cow, 1, proposed_class="cow")
    listing = Listing(open_pool(tmp_path / "later.csv"))
    record = Truth(listing, Ledger(story.log.replay()), others=[Listing(story.pool)]).record("a.png")
    assert record.state == "in_progress"
    assert ((1.0, 0.0, 10.0, 10.0), "cat") in boxes(record.unreviewed)


def test_an_object_that_a_later_round_boxed_again_counts_once(story: Story, tmp_path: Path) -> None:
    again = (1.0, 0.0, 10.0, 10.0)
    (tmp_path / "later.csv").write_text("path,x1,y1,x2,y2,class\na.png,1,0,10,10,cat\n")
    story.say(CAT, 1).say(DOG, 1).say(again, 1, proposed_class="cat")
    listing = Listing(open_pool(tmp_path / "later.csv"))
    record = Truth(listing, Ledger(story.log.replay()), others=[Listing(story.pool)]).record("a.png")
    assert boxes(record.accepted) == [(again, "cat"), (DOG, "dog")]


def test_two_boxes_that_one_round_proposed_may_crowd(tmp_path: Path) -> None:
    story = Story(tmp_path, "path,x1,y1,x2,y2,class\na.png,0,0,10,10,cat\na.png,1,0,10,10,cat\n")
    assert len(story.say(CAT, 1).say((1.0, 0.0, 10.0, 10.0), 1).record().accepted) == 2


def test_boxes_of_one_round_are_not_compared_with_one_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"a.png,{x},0,{x + 10},10,cat,0.9," for x in range(0, 600, 20)]
    story = Story(tmp_path, "path,x1,y1,x2,y2,class,score,group\n" + "\n".join(lines) + "\n")
    for x in range(0, 600, 20):
        story.say((float(x), 0.0, float(x + 10), 10.0))
    story.say((0.0, 50.0, 10.0, 60.0), class_name="cat", strategy="correction")
    compared = []
    monkeypatch.setattr("winnow.training.truth.iou", lambda one, other: compared.append(one) or iou(one, other))
    assert len(story.record().accepted) == 31
    assert len(compared) <= 30  # ten thousand boxes on one image are a second, not minutes


@pytest.mark.parametrize("said", [{"reason": "bad_box"}, {"reason": "wrong_class"}, {"label": None}])
def test_a_doubt_after_the_completion_opens_the_image_again(story: Story, said: dict) -> None:
    story.say(None, None, kind="complete", strategy="complete")
    record = story.say(CAT, **{"label": 0, **said}).record()
    assert (record.state, boxes(record.unreviewed)) == ("in_progress", [(CAT, "cat")])


def test_a_reason_in_words_of_ones_own_settles_nothing(story: Story) -> None:
    record = story.say(CAT, 0, reason="blurred").say(DOG, 0).record()
    assert (record.state, boxes(record.unreviewed), boxes(record.rejected)) == (
        "in_progress",
        [(CAT, "cat")],
        [(DOG, "dog")],
    )


def test_a_box_drawn_back_to_where_it_was_counts(story: Story) -> None:
    better = (1.0, 1.0, 12.0, 12.0)
    story.say(CAT, 1).say(DOG, 0).say(better, 1, class_name="cat", replaces=item_id_of("a.png", CAT))
    record = story.say(CAT, 1, class_name="cat", replaces=item_id_of("a.png", better)).record()
    assert boxes(record.accepted) == [(CAT, "cat")]


def test_what_any_round_left_open_is_unreviewed(story: Story, later: Listing) -> None:
    story.say(CAT, 1)
    record = Truth(later, Ledger(story.log.replay()), others=[Listing(story.pool)]).record("a.png")
    assert record.state == "in_progress"
    assert boxes(record.unreviewed) == [((5.0, 5.0, 9.0, 9.0), "cow"), (DOG, "dog")]


def test_a_list_of_mistakes_does_not_make_an_image_complete(story: Story, later: Listing) -> None:
    story.say((5.0, 5.0, 9.0, 9.0), 1, proposed_class="cow")
    mistakes = Listing(later.pool, is_whole=False)
    record = Truth(mistakes, Ledger(story.log.replay()), others=[Listing(story.pool)]).record("a.png")
    assert (record.state, boxes(record.accepted)) == ("in_progress", [((5.0, 5.0, 9.0, 9.0), "cow")])
    assert boxes(record.unreviewed) == [(CAT, "cat"), (DOG, "dog")]


def test_an_undone_verdict_leaves_the_image_untouched(story: Story) -> None:
    story.say(CAT, 1)
    (verdict,) = Ledger(story.log.replay()).currents()
    story.log.undo([verdict], key="u", annotator="ana")
    assert story.record().state == "untouched"


def test_whole_images_are_no_regions(tmp_path: Path) -> None:
    story = Story(tmp_path, "path\na.png\n").say(None, 1)
    assert story.record() == ImageRecord("a.png", "untouched", (), (), (), (), 0, None, False)
