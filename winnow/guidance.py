"""What is shown next, as people chose it: a goal or a strategy, where to start, whether near-duplicates come again."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from winnow.atlas.atlas import Atlas
from winnow.atlas.pairs import Pairs
from winnow.learning.goals import GOALS, goal_named, is_plan
from winnow.learning.learner import Learner
from winnow.learning.step import Start
from winnow.learning.strategies import strategy_named
from winnow.record import Record
from winnow.verdicts.log import VerdictLog

_PLAN, _NEAR = "strategy", "near_duplicates"


class Guidance:
    """Choices that the learner follows, kept with the log.

    Args:
        default_strategy: what is followed when a goal is given up.
    """

    def __init__(self, log: VerdictLog, record: Record, learner: Learner, *, default_strategy: str) -> None:
        self._log, self._record, self._learner = log, record, learner
        self._default_strategy = default_strategy
        self._near: Pairs | None = None
        self._near_likeness = 0.0
        self.atlas: Atlas | None = None
        self._on_atlas: list[Callable[[], None]] = []
        self.are_near_duplicates_shown = log.read_state(_NEAR) == "shown"

    @property
    def plan(self) -> str:
        """The name of the goal or strategy in force."""
        return self._learner.plan

    @property
    def goal(self) -> str | None:
        """The name of the goal in force, None while a strategy was chosen by hand."""
        return self.plan if self.plan in GOALS else None

    @property
    def is_chosen(self) -> bool:
        """Whether somebody chose what is followed, or the settings name a goal; else the page asks."""
        return self.goal is not None or self._log.read_state(_PLAN) is not None

    @property
    def is_blind(self) -> bool:
        """Whether nobody shall see what the model or the detector thinks."""
        return self.plan in GOALS and GOALS[self.plan].is_blind

    def set_strategy(self, name: str) -> None:
        """Follow a strategy, now and after a restart; raises UnknownStrategy."""
        self._follow(strategy_named(name).name)

    def set_goal(self, name: str | None) -> None:
        """Pursue a goal, now and after a restart; None goes by the strategy of the settings. Raises UnknownGoal."""
        self._follow(self._default_strategy if name is None else goal_named(name).name)

    def _follow(self, plan: str) -> None:
        self._learner.set_plan(plan)
        self._log.write_state(_PLAN, plan)

    def set_start(self, way: str | None, rows: NDArray[np.int64] | None = None) -> None:
        """Show rows (c,) first, best first, while there is no head; way None = what covers the pool."""
        self._learner.set_start(None if way is None or rows is None else Start(way, rows))

    def follow_atlas(self, atlas: Atlas, *, near_likeness: float) -> None:
        """Use what the atlas knows, now and as it grows; from this likeness on, > 0, rows are near-duplicates."""
        self.atlas, self._near_likeness = atlas, near_likeness
        atlas.on_change = self._take_atlas
        atlas.start()
        self._take_atlas()

    def tell_atlas(self, listener: Callable[[], None]) -> None:
        """Call this one too, by a thread of the atlas's own, whenever the atlas has grown; it must not raise."""
        self._on_atlas.append(listener)

    def close(self) -> None:
        if self.atlas:
            self.atlas.close()

    @property
    def knows_near_duplicates(self) -> bool:
        """Whether they are known by now; they are not looked for in a pool of proposals, or where that is set off."""
        return self._near is not None

    def _take_atlas(self) -> None:
        assert self.atlas
        if self._near is None and self._near_likeness > 0:
            self._near = self.atlas.near_duplicates(self._near_likeness)
            self._apply_near_duplicates()
        for listener in self._on_atlas:
            listener()

    def show_near_duplicates(self, is_shown: bool) -> None:
        """Show near-duplicates of labelled items like any other, or set them aside, now and after a restart."""
        self._log.write_state(_NEAR, "shown" if is_shown else "set aside")
        self.are_near_duplicates_shown = is_shown
        self._apply_near_duplicates()

    def _apply_near_duplicates(self) -> None:
        with self._record.lock:
            near = None if self.are_near_duplicates_shown else self._near
            self._record.board.near = near.of if near else None
        self._learner.wake()


def saved_plan(log: VerdictLog, *, goal: str, strategy: str) -> str:
    """The plan that this log was last given; at first the goal of the settings, else their strategy."""
    saved = log.read_state(_PLAN)
    return saved if saved is not None and is_plan(saved) else goal or strategy
