"""Does auto-accept keep its word? Audits simulated on pools whose truth is known.

    python benchmarks/auto_accept.py --draws 4

For every task a head is trained by a replay of the app's own step, by the goals Find all and Teach. Then, for each
share of right ones asked for, audits are planned, drawn and read as the Auto page does it; the person answers the
truth. A run is one audit, taken through all its planned looks while nothing is proved. It breaks its word where it lets
the model decide a batch of which fewer are right than was asked for.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from label_tasks import Task, all_tasks
from numpy.typing import NDArray
from scipy.stats import beta
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))
from winnow.auto.certificate import passed
from winnow.auto.planning import LABEL_OF, SIDES, AutoError, Known, Side, SidePlan, Wish, plan_sides
from winnow.learning.labels import Labels
from winnow.learning.replay import replay
from winnow.learning.space import FeatureSpace
from winnow.learning.step import next_snapshot

GOALS = ("find_all", "teach")
TARGETS = (0.9, 0.95, 0.98, 0.99)
PATIENCE = 0.25


@dataclass(frozen=True)
class Head:
    """A trained head's say: rows (n,) that are open, their probability and truth; and earlier random looks."""

    rows: NDArray[np.int64]
    probability: NDArray[np.float32]
    truth: NDArray[np.int8]  # of the whole pool
    known: Known


@dataclass(frozen=True)
class Run:
    """One audit: verdicts it took, items decided (0 = nothing was proved), and the share of right ones among them."""

    target: float
    side: Side
    verdicts: int
    decided: int
    right: float

    @property
    def is_broken(self) -> bool:
        return self.decided > 0 and self.right < self.target


def trained(task: Task, goal: str, seed: int, budget: int) -> Head | None:
    """None where the budget brought no positive: without a head the page draws no audit."""
    task = task.shuffled(seed)
    space = FeatureSpace.build(task.vectors, np.ones(len(task.truth), bool), np.random.default_rng(seed))
    shown = replay(space, task.truth, plan=goal, budget=budget, seed=seed, patience=PATIENCE)
    nothing = np.empty(0, np.int64)
    labels = Labels(shown.rows, shown.labels, nothing, nothing)
    snapshot = next_snapshot(space, labels, goal, previous=None, rng=np.random.default_rng(seed))
    if snapshot.probability is None or snapshot.checked_probability is None:
        return None
    is_random = np.array([way == "random" for way in shown.ways])
    known = Known(snapshot.checked_probability[is_random], shown.labels[is_random])
    rows = np.setdiff1d(np.arange(len(task.truth)), shown.rows)
    return Head(rows, snapshot.probability[rows], task.truth, known)


def runs_of(head: Head, draws: int, seed: int) -> Iterator[Run]:
    rng = np.random.default_rng([seed, 7])
    for target in TARGETS:
        for side in SIDES:
            try:
                (plan,) = plan_sides(Wish((side,), target, None), head.rows, head.probability, head.known, rng)
            except AutoError:
                continue  # too few candidates: nothing is asked of a person
            for _ in range(draws):
                sample = rng.permutation(len(plan.rows))[: len(plan.sample)]
                yield audited(replace(plan, sample=sample), target, head.truth)


def audited(plan: SidePlan, target: float, truth: NDArray[np.int8]) -> Run:
    """Look after look until something is proved, or no look is left."""
    is_wrong = truth[plan.rows] != LABEL_OF[plan.side]
    for look in plan.looks:
        sample = plan.sample[: look.size]
        zone = passed(look, sample, is_wrong[sample])
        if zone:
            rest = np.setdiff1d(np.arange(zone.n), sample)
            return Run(target, plan.side, look.size, len(rest), float(1 - is_wrong[rest].mean()))
    return Run(target, plan.side, plan.looks[-1].size, 0, 1.0)


def print_table(runs: list[Run]) -> None:
    print(
        "| share asked for | side | audits | proved | word broken | decided, median | verdicts, median | right, least |"
    )
    print("|---|---|---|---|---|---|---|---|")
    groups: dict[tuple[float, Side], list[Run]] = defaultdict(list)
    for run in runs:
        groups[run.target, run.side].append(run)
    for (target, side), group in sorted(groups.items()):
        proved = [run for run in group if run.decided]
        decided = f"{np.median([run.decided for run in proved]):,.0f}" if proved else "none"
        least = f"{100 * min(run.right for run in proved):.2f} %" if proved else "none"
        print(
            f"| {100 * target:g} % | {side} | {len(group)} | {len(proved)} | {sum(run.is_broken for run in group)} "
            f"| {decided} | {np.median([run.verdicts for run in group]):,.0f} | {least} |"
        )


def print_word(runs: list[Run]) -> None:
    broken, n = sum(run.is_broken for run in runs), len(runs)
    proved = [run for run in runs if run.decided]
    high = beta.ppf(0.95, broken + 1, n - broken)
    print(
        f"\n{n} audits, {len(proved)} proved something; the word was kept in {n - broken} of {n} "
        f"({100 * (1 - broken / n):.1f} %; broken in at most {100 * high:.1f} % of such audits, with 95 % confidence)."
    )
    decided, verdicts = sum(run.decided for run in proved), sum(run.verdicts for run in runs)
    print(f"{decided:,} items decided for {verdicts:,} verdicts of audits, those that proved nothing included.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", nargs="*", default=[])
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--draws", type=int, default=4, help="audits of each head, target and side")
    parser.add_argument("--budget", type=int, default=200, help="verdicts that the head is trained with")
    options = parser.parse_args()
    runs: list[Run] = []
    with threadpool_limits(1):
        for task in all_tasks(options.tasks):
            for goal in GOALS:
                for seed in range(options.seeds):
                    head = trained(task, goal, seed, options.budget)
                    runs += runs_of(head, options.draws, seed) if head else []
            print(f"{task.name}: {len(runs)} audits so far", file=sys.stderr, flush=True)
    print_table(runs)
    print_word(runs)


if __name__ == "__main__":
    main()
