"""The picture of a simulation: recall and accuracy by verdicts, a line a plan."""

import io
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from winnow.simulate.curves import stopped_at
from winnow.simulate.outcomes import Size
from winnow.simulate.runs import Run

# Okabe & Ito (2008): told apart with any colour vision; the dashes and markers say it a second time.
LOOKS = (
    ("#0072b2", "-", "o"),
    ("#d55e00", (0, (6, 2)), "s"),
    ("#009e73", (0, (2, 1.5)), "^"),
    ("#cc79a7", (0, (7, 2, 1.5, 2)), "D"),
    ("#56b4e9", (0, (4, 1.5, 1, 1.5, 1, 1.5)), "v"),
    ("#000000", (0, (1, 1)), "P"),
)


def curves_png(runs: Sequence[Run], size: Size, *, target: float, title: str) -> bytes:
    """Two panels over the number of verdicts; mean over the seeds, with a band from the least to the most."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 8.4), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    recall, right = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    longest = max(len(run.rows) for run in runs)
    recall.plot([0, longest], [0, 100 * longest / size.items], color="0.55", lw=1, label="random order, expected")
    recall.axhline(100 * target, color="0.55", lw=1, ls=":", label=f"target, {100 * target:g} %")
    for look, (plan, of_plan) in zip(LOOKS, groupby(runs, lambda run: run.plan), strict=False):
        alike = list(of_plan)
        label = f"{plan} ({len(alike)} {'seed' if len(alike) == 1 else 'seeds'})"
        _line(recall, [run.found / size.positives for run in alike], look, label)
        _line(right, [run.accuracy for run in alike], look, label)
        _stops(recall, alike, size, target, look)
    figure.suptitle(title, fontsize=12)
    _name_axes(recall, right, size, target)
    right.set_ylim(_most_of([run.accuracy for run in runs]), 100.5)
    figure.legend(*recall.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})  # the same runs make the same bytes
    return picture.getvalue()


def _line(axes: Any, series: list[NDArray[np.float64]], look: tuple[str, Any, str], label: str) -> None:
    color, dashes, _ = look
    values = 100 * _same_length(series)
    verdicts = np.arange(values.shape[1])
    axes.fill_between(verdicts, values.min(axis=0), values.max(axis=0), color=color, alpha=0.18, lw=0)
    axes.plot(verdicts, values.mean(axis=0), color=color, ls=dashes, lw=2, label=label)


def _same_length(series: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """(runs, longest): a run that ended early, its pool being empty, stays where it was."""
    longest = max(map(len, series))
    return np.array([np.pad(values, (0, longest - len(values)), mode="edge") for values in series])


def _most_of(series: list[NDArray[np.float64]]) -> float:
    """The lowest percentage to draw: a head of two labels can be anything, and would squeeze all that follows."""
    return float(np.floor(100 * np.quantile(np.concatenate(series), 0.02))) - 1


def _stops(axes: Any, runs: list[Run], size: Size, target: float, look: tuple[str, Any, str]) -> None:
    """A marker a run where the recall meter said to stop."""
    stops = [(stop, run.found[stop]) for run in runs if (stop := stopped_at(run.bound, target)) is not None]
    if stops:
        verdicts, found = np.array(stops).T
        color, _, marker = look
        axes.plot(verdicts, 100 * found / size.positives, marker, color=color, mec="white", ms=8, ls="", zorder=5)


def _name_axes(recall: Any, right: Any, size: Size, target: float) -> None:
    recall.set(ylabel="positives found (%)", ylim=(0, 103))
    recall.set_title(
        f"Lines: mean of the seeds; bands: least to most; markers: the recall meter says {100 * target:g} % is reached",
        fontsize=9, color="0.35", loc="left",
    )  # fmt: skip
    right.set(ylabel="right labels in the pool (%)", xlabel=f"verdicts (of {size.items:,} items)")
    right.set_title(
        "Accuracy: verdicts so far, and the head's word on everything else", fontsize=9, color="0.35", loc="left"
    )
    recall.set_xlim(left=0)
    for axes in (recall, right):
        axes.grid(color="0.9", lw=0.8)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
