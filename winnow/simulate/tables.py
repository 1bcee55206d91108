"""A simulation's tables: every point of every run, a line a run, and a summary of the plans for people."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from winnow.simulate.curves import SHARES
from winnow.simulate.outcomes import Outcome, Size
from winnow.simulate.runs import Run

CURVE_COLUMNS = ("plan", "seed", "verdicts", "found", "recall", "accuracy", "head_accuracy", "recall_bound", "way")
_DIGITS = 5


def curves_csv(runs: Iterable[Run], size: Size) -> bytes:
    """A line a verdict of each run, line 0 before the first; `way` is why the item of this verdict was shown."""
    return _csv(CURVE_COLUMNS, (line for run in runs for line in _points(run, size)))


def _points(run: Run, size: Size) -> Iterable[tuple[Any, ...]]:
    for i, (found, accuracy, of_head, bound) in enumerate(
        zip(run.found.tolist(), run.accuracy, run.head_accuracy, run.bound, strict=True)
    ):
        way = run.ways[i - 1] if i else ""
        recall = found / size.positives
        yield run.plan, run.seed, i, found, *(_rounded(x) for x in (recall, accuracy, of_head, bound)), way


def runs_csv(outcomes: Iterable[Outcome], size: Size) -> bytes:
    """A line a run, blank where it did not get there."""
    to_shares = [f"verdicts_to_{_percent(share)}" for share in SHARES]
    columns = (
        "plan", "seed", "items", "positives", "verdicts", "found", "recall", "accuracy", "head_accuracy", *to_shares,
        "work_saved_at_95", "stop", "stop_recall", "stop_overshoot",
    )  # fmt: skip
    return _csv(columns, (_line(one, size) for one in outcomes))


def _line(one: Outcome, size: Size) -> tuple[Any, ...]:
    figures = (one.recall, one.accuracy, one.head_accuracy)
    stop = (one.stop, _rounded(one.stop_recall), one.stop_overshoot)
    return (
        one.plan, one.seed, size.items, size.positives, one.verdicts, one.found, *(_rounded(x) for x in figures),
        *one.verdicts_to, _rounded(one.work_saved), *stop,
    )  # fmt: skip


def summary_md(outcomes: Sequence[Outcome], size: Size, target: float) -> str:
    """The plans side by side, each figure as the mean over its runs (least–most); outcomes are grouped by plan."""
    to_shares = [f"to {_percent(share)} %" for share in SHARES]
    stops = ["stop: verdicts", "true recall there", "kept its word", "overshoot"]
    head = [
        "plan",
        "runs",
        "verdicts",
        "found",
        *to_shares,
        "work saved at 95 %",
        "accuracy",
        "head's accuracy",
        *stops,
    ]
    lines = [head, ["---"] * len(head)]
    lines += [_summary(plan, list(of_plan), size, target) for plan, of_plan in groupby(outcomes, lambda one: one.plan)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _summary(plan: str, runs: list[Outcome], size: Size, target: float) -> list[str]:
    kept = [run.stop_recall >= target for run in runs if run.stop_recall is not None]
    shares = zip(*(run.verdicts_to for run in runs), strict=True)
    return [
        plan,
        str(len(runs)),
        _spread([run.verdicts for run in runs]),
        f"{_spread([run.found for run in runs])} of {size.positives:,}",
        *(_spread(verdicts) for verdicts in shares),
        _spread([run.work_saved for run in runs], percent=True),
        _spread([run.accuracy for run in runs], percent=True),
        _spread([run.head_accuracy for run in runs], percent=True),
        _spread([run.stop for run in runs]),
        _spread([run.stop_recall for run in runs], percent=True),
        f"{sum(kept)} of {len(kept)}" if kept else "–",
        _spread([run.stop_overshoot for run in runs]),
    ]


def _spread(values: Sequence[float | None], *, percent: bool = False) -> str:
    """Mean (least–most) of the values there are, and of how many runs where it is not all of them."""
    known = [100 * value if percent else value for value in values if value is not None and not math.isnan(value)]
    if not known:
        return "–"
    mean, low, high = (
        f"{x:,.1f}" if percent else f"{x:,.0f}" for x in (sum(known) / len(known), min(known), max(known))
    )
    unit = " %" if percent else ""
    text = f"{mean}{unit}" if low == high else f"{mean} ({low}–{high}){unit}"
    return text if len(known) == len(values) else f"{text}, in {len(known)} of {len(values)}"


def _csv(columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(lines)
    return text.getvalue().encode()


def _rounded(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(float(value), _DIGITS)


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"
