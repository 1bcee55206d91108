"""Goals: what a person is after. Each is a strategy, and what is mixed into it."""

from dataclasses import dataclass

from winnow.errors import UnknownGoal
from winnow.learning.strategies import STRATEGIES, Strategy, strategy_named

RANDOM_EVERY = 20  # verdicts: one in so many is a random look, so that what the order misses can be bounded


@dataclass(frozen=True)
class Goal:
    """What a goal shows.

    strategy is the name of the order that it is nearest to; random_every is after how many verdicts one is a random
    look (fewer are, where most looks find something: queueing.py), None for never; is_blind hides what the model and
    the detector think; has_repeats lets some items come back.
    """

    name: str
    label: str
    help: str
    strategy: str
    random_every: int | None = None
    is_blind: bool = False
    has_repeats: bool = False
    checks_labels: bool = False  # shows what is labelled, where the head doubts it


GOALS: dict[str, Goal] = {
    "find_all": Goal(
        "find_all",
        "Find all",
        "Rare things: the most likely first, up to one random look in twenty, so that the meter can say what is left.",
        "max_probability",
        random_every=RANDOM_EVERY,
        has_repeats=True,
    ),
    "teach": Goal(
        "teach",
        "Teach",
        "The best model for the fewest labels: what it is least sure of, and nothing like it twice in a row.",
        "entropy",
        has_repeats=True,
    ),
    "audit": Goal(
        "audit",
        "Audit",
        "An honest estimate: random items, shown without what the model thinks of them.",
        "random",
        is_blind=True,
    ),
    "clean": Goal(
        "clean",
        "Clean",
        "Wrong labels: those first that the model, not having seen them, disagrees with most.",
        "entropy",
        checks_labels=True,
    ),
}


def goal_named(name: str) -> Goal:
    """The goal of that name; raises UnknownGoal naming those there are."""
    if name not in GOALS:
        raise UnknownGoal(f"There is no goal {name!r}; choose one of {', '.join(GOALS)}.")
    return GOALS[name]


def strategy_of(plan: str) -> Strategy:
    """The strategy behind a plan, which is a goal's name or a strategy's; raises UnknownStrategy for neither."""
    return strategy_named(GOALS[plan].strategy if plan in GOALS else plan)


def is_plan(name: str | None) -> bool:
    return name in GOALS or name in STRATEGIES
