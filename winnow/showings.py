"""A verdict together with what was shown: what the item is, why it was chosen, what the head thought of it."""

from dataclasses import replace

from winnow.board import UNJUDGED
from winnow.learning.goals import GOALS, strategy_of
from winnow.learning.learner import Learner
from winnow.outcomes import finite, probability_of
from winnow.pool import Pool
from winnow.record import Record
from winnow.verdicts.ledger import AGAIN_WAYS
from winnow.verdicts.log import NewVerdict


class Showings:
    """Completes what people say; callers hold the record's lock."""

    def __init__(self, pool: Pool, record: Record, learner: Learner) -> None:
        self._pool, self._record, self._learner = pool, record, learner

    def event(self, said: NewVerdict, model_version: int | None, claimed_way: str | None = None) -> NewVerdict:
        """What was said, with what the item is, why it was shown, and what was shown with it."""
        row = self._pool.row_of(said.item_id)
        item = self._pool.item(row)
        showing = self._learner.showing(model_version, row, claimed_way)
        place = showing.place_of(row)
        way = strategy_of(showing.plan).name if place is None else showing.way_of(place)
        is_asked_again = way in AGAIN_WAYS and model_version is not None  # else it was looked up on another page
        is_review = self._record.board.label_of_row[row] != UNJUDGED and not is_asked_again
        now = self._learner.learnt.snapshot
        if said.label == 1 and (before := self._record.ledger.current(said.item_id)) and before.label == 1:
            # Accepted once more: what a correction said of it still holds.
            class_name = said.class_name or before.class_name
            said = replace(said, replaces=before.replaces, class_name=class_name, mask=before.mask)
        return replace(
            said,
            path=item.path,
            box_xyxy=item.box_xyxy,
            probability=probability_of(now, row) if place is None else finite(showing.probability[place]),
            model_version=showing.version,
            strategy="review" if is_review else way,
            goal=showing.plan if showing.plan in GOALS else None,
            selection_probability=None if place is None else float(showing.selection_probability[place]),
            rank=place,
            proposed_class=item.class_name,
            score=item.score,
            source=item.source,
        )
