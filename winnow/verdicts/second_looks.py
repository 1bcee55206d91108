"""Second looks: which labels of an item were given without knowing the one before."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from winnow.verdicts.ledger import AGAIN_WAYS, BULK_WAYS
from winnow.verdicts.log import Verdict

NO_LOOK = frozenset({"import", "auto", "correction"})  # ways of labels that nobody was shown the item for
NO_SECOND_LOOK = (AGAIN_WAYS - {"repeat"}) | BULK_WAYS | NO_LOOK  # these show what was said, or mean to change it


def second_looks(history: Sequence[Verdict]) -> Iterator[tuple[Verdict, Verdict]]:
    """Each second look among an item's live verdicts, oldest first, after the label that it did not know."""
    for before, now in pairwise(history):
        if before.label is None or now.label is None or before.strategy in NO_LOOK or now.strategy in NO_SECOND_LOOK:
            continue
        if now.annotator == before.annotator and now.strategy != "repeat":
            continue  # one's own correction of a slip
        yield before, now
