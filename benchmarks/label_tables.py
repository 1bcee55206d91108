"""The tables of label_efficiency.py: means over the seeds with 95 % intervals."""

import math

import numpy as np
from label_tasks import Task
from numpy.typing import NDArray
from peer_replay import AFTER
from proposal_order import DATA, all_proposals, score_marks
from scipy.stats import t as student

SHARES = (0.5, 0.8, 0.9, 0.95)  # of the positives
AIM = SHARES.index(0.9)  # what the ratios are of
LIBRARIES = ("modal", "modal-standardised", "skactiveml", "skactiveml-standardised")
NAMES = {
    "winnow": "Winnow",
    "winnow-random": "random",
    "winnow-scores": "Winnow, with the scores",
    "peer": "first peer",
    "modal": "modAL",
    "modal-standardised": "modAL, standardised",
    "skactiveml": "scikit-activeml",
    "skactiveml-standardised": "scikit-activeml, standardised",
}
RESAMPLES = 4000
EVERY = 10  # labels between two figures of Winnow's head on the held-out half

Runs = dict[str, dict[str, list[dict[str, NDArray]]]]  # task -> who -> runs


def marks(labels: NDArray[np.int8], positives: int) -> NDArray[np.float64]:
    """Verdicts to SHARES of the positives."""
    goals = [math.ceil(share * positives) for share in SHARES]
    return np.searchsorted(np.cumsum(labels, dtype=np.int64), goals) + 1.0


def mean_and_half(values: NDArray[np.float64]) -> tuple[float, float]:
    """The mean and half of its 95 % t-interval; NaN for the half of one value."""
    k = len(values)
    half = student.ppf(0.975, k - 1) * values.std(ddof=1) / math.sqrt(k) if k > 1 else math.nan
    return float(values.mean()), float(half)


def _cell(values: NDArray[np.float64], digits: int = 0) -> str:
    mean, half = mean_and_half(values)
    return f"{mean:.{digits}f}" + ("" if math.isnan(half) else f" ± {half:.{digits}f}")


def print_find_all(tasks: list[Task], runs: Runs) -> None:
    """Verdicts to 90 % by everyone, then Winnow's to the other shares, then the ratios."""
    to = {
        task.name: {
            who: np.array([marks(run["labels"], int(task.truth.sum())) for run in of_who])
            for who, of_who in runs[task.name].items()
        }
        for task in tasks
    }
    present = [who for who in ("winnow", "peer", *LIBRARIES) if any(who in to[task.name] for task in tasks)]
    others = [who for who in present if who in LIBRARIES]
    print("\n### Find all: verdicts to 90 % of the positives\n")
    names = " | ".join(NAMES[who] for who in present)
    print(f"| task | positives of | {names} | random | to first peer | to best other |")
    print("|---|---|" + "---|" * (len(present) + 3))
    for task in tasks:
        _print_task(task, to[task.name], present, others)
    print("\n### Find all: verdicts to 50 / 80 / 95 %, and to the first positive\n")
    print("| task | " + " | ".join(NAMES[who] for who in present) + " |\n|---|" + "---|" * len(present))
    for task in tasks:
        cells = [_shares_cell(to[task.name].get(who), runs[task.name].get(who)) for who in present]
        print(f"| {task.name} | {' | '.join(cells)} |")
    _print_ratios(tasks, to, runs, others)
    _print_scores(to)


def _print_task(task: Task, to: dict[str, NDArray], present: list[str], others: list[str]) -> None:
    n, positives = len(task.truth), int(task.truth.sum())
    cells = [_cell(to[who][:, AIM]) if who in to else "–" for who in present]
    by_chance = math.ceil(SHARES[AIM] * positives) * (n + 1) / (positives + 1)
    ours = to["winnow"][:, AIM].mean()
    best = min((to[who][:, AIM].mean() for who in others if who in to), default=math.nan)
    first = to["peer"][:, AIM].mean() if "peer" in to else math.nan
    ratios = f"{ours / first:.2f} | {ours / best:.2f}"
    print(f"| {task.name} | {positives} of {n} | {' | '.join(cells)} | {by_chance:.0f} | {ratios} |")


def _shares_cell(to: NDArray | None, runs: list[dict[str, NDArray]] | None) -> str:
    if to is None or runs is None:
        return "–"
    mean = to.mean(axis=0)
    first = np.mean([run["labels"].argmax() + 1 for run in runs])
    return f"{mean[0]:.0f} / {mean[1]:.0f} / {mean[3]:.0f}, {first:.0f}"


def _print_ratios(tasks: list[Task], to: dict[str, dict[str, NDArray]], runs: Runs, others: list[str]) -> None:
    print("\nVerdicts to 90 %, Winnow's as a share: mean of the tasks' ratios [95 % interval], worst task.\n")
    for who in ("peer", *others):
        pairs = [(to[t.name]["winnow"][:, AIM], to[t.name][who][:, AIM]) for t in tasks if who in to[t.name]]
        if pairs:
            print(f"- {NAMES[who]}: {_ratio_text(pairs)} ({len(pairs)} tasks)")
    best = [
        (to[t.name]["winnow"][:, AIM], min((to[t.name][w][:, AIM] for w in others if w in to[t.name]), key=np.mean))
        for t in tasks
        if _has_any(to[t.name], others)
    ]
    if best:
        print(f"- the best of the libraries, chosen for each task: {_ratio_text(best)}")
        even = [
            _with_expected_start(t, to[t.name], runs[t.name], others) for t in tasks if _has_any(to[t.name], others)
        ]
        print(f"- the same with every random start of theirs at its expected length: {_ratio_text(even)}")
    for who in others:
        pairs = [
            (_after_first(to, runs, t.name, "winnow"), _after_first(to, runs, t.name, who))
            for t in tasks
            if who in to[t.name]
        ]
        print(f"- {NAMES[who]}, both counted from the first positive on: {_ratio_text(pairs)}")


def _has_any(of_task: dict[str, NDArray], others: list[str]) -> bool:
    return any(who in of_task for who in others)


def _with_expected_start(
    task: Task, to: dict[str, NDArray], runs: dict[str, list[dict[str, NDArray]]], others: list[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Winnow's verdicts to 90 % and the best library's, whose luck with the first positive is evened out."""
    expected = (len(task.truth) + 1) / (task.truth.sum() + 1)
    evened = [to[w][:, AIM] - [float(run["start"]) for run in runs[w]] + expected for w in others if w in to]
    return to["winnow"][:, AIM], min(evened, key=np.mean)


def _after_first(to: dict[str, dict[str, NDArray]], runs: Runs, task: str, who: str) -> NDArray[np.float64]:
    return to[task][who][:, AIM] - [float(run["labels"].argmax()) for run in runs[task][who]]


def _ratio_text(pairs: list[tuple[NDArray[np.float64], NDArray[np.float64]]]) -> str:
    """The mean ratio of the means of pairs (k,), (l,) with a bootstrap interval (Efron, 1979) over the seeds."""
    rng = np.random.default_rng(0)
    ratios = np.array([ours.mean() / theirs.mean() for ours, theirs in pairs])
    resampled = [
        ours[rng.integers(len(ours), size=(RESAMPLES, len(ours)))].mean(axis=1)
        / theirs[rng.integers(len(theirs), size=(RESAMPLES, len(theirs)))].mean(axis=1)
        for ours, theirs in pairs
    ]
    low, high = np.quantile(np.mean(resampled, axis=0), [0.025, 0.975])
    return f"**{ratios.mean():.2f}** [{low:.2f}, {high:.2f}], worst {ratios.max():.2f}"


def _print_scores(to: dict[str, dict[str, NDArray]]) -> None:
    ours = to.get("coco128", {}).get("winnow-scores")
    if ours is None:
        return
    by_score = score_marks(all_proposals(DATA / "features" / "coco128.npz")[0])
    cells = " / ".join(_cell(ours[:, i]) for i in range(len(SHARES)))
    print(f"\ncoco128 with the detector's scores, verdicts to 50 / 80 / 90 / 95 %: Find all {cells};", end=" ")
    print(f"score order {' / '.join(f'{v:.0f}' for v in by_score)}; ratio {ours[:, AIM].mean() / by_score[AIM]:.2f}.")


def print_teach(tasks: list[Task], runs: Runs) -> None:
    """Average precision on the held-out half, and the labels that Teach needs for what random order has at the end."""
    present = ("winnow", "winnow-random", *LIBRARIES)
    who_runs = [who for who in present if any(who in runs[task.name] for task in tasks)]
    after = " / ".join(map(str, AFTER))
    print(f"\n### Teach: average precision in % on the held-out half after {after} labels\n")
    names = [
        "Teach" if who == "winnow" else f"{NAMES[who]} order" * (who == "winnow-random") or NAMES[who]
        for who in who_runs
    ]
    print(f"| task | positives to label | {' | '.join(names)} | labels of Teach for random's {AFTER[-1]} |")
    print("|---|---|" + "---|" * (len(who_runs) + 1))
    curves = {task.name: {who: _curves(runs[task.name].get(who)) for who in who_runs} for task in tasks}
    for task in tasks:
        of = curves[task.name]
        cells = " | ".join(_precision_cell(of[who]) for who in who_runs)
        needed = _needed(_mean_curve([of["winnow"]]), _mean_curve([of["winnow-random"]])[-1])
        print(f"| {task.name} | {math.ceil(task.truth.sum() / 2)} | {cells} | {needed} |")
    _print_mean(curves, who_runs, [task.name for task in tasks])


def _print_mean(curves: dict[str, dict[str, NDArray | None]], who_runs: list[str], names: list[str]) -> None:
    cells = []
    for who in who_runs:
        of_who = [curves[name][who] for name in names]
        known = [at_after(curve).mean(axis=0) for curve in of_who if curve is not None]
        cells.append(" / ".join(f"{100 * v:.0f}" for v in np.mean(known, axis=0)))
    ours, random = ([curves[name][who] for name in names] for who in ("winnow", "winnow-random"))
    needed = _needed(_mean_curve(ours), _mean_curve(random)[-1])
    print(f"| **mean** | | {' | '.join(cells)} | **{needed}** |")
    rng = np.random.default_rng(0)
    drawn = [_needed_number(_resampled(ours, rng), _resampled(random, rng)[-1]) for _ in range(RESAMPLES)]
    low, high = np.quantile(drawn, [0.025, 0.975])
    print(f"\nLabels that Teach needs, on the mean over the tasks: {needed} [{low:.0f}, {high:.0f}].")


def _curves(runs: list[dict[str, NDArray]] | None) -> NDArray[np.float64] | None:
    return None if runs is None else np.array([run["precision"] for run in runs])


def at_after(curve: NDArray[np.float64]) -> NDArray[np.float64]:
    """(seeds, 4) of AFTER; Winnow's curves have a figure for every EVERY labels."""
    return curve if curve.shape[1] == len(AFTER) else curve[:, np.array(AFTER) // EVERY - 1]


def _precision_cell(curve: NDArray[np.float64] | None) -> str:
    if curve is None:
        return "–"
    return " / ".join(f"{100 * v:.0f}" for v in at_after(curve).mean(axis=0))


def _mean_curve(curves: list[NDArray | None]) -> NDArray[np.float64]:
    return np.mean([curve.mean(axis=0) for curve in curves if curve is not None], axis=0)


def _resampled(curves: list[NDArray | None], rng: np.random.Generator) -> NDArray[np.float64]:
    return _mean_curve([curve[rng.integers(len(curve), size=len(curve))] for curve in curves if curve is not None])


def _needed(curve: NDArray[np.float64], goal: float) -> str:
    number = _needed_number(curve, goal)
    return f"{number:.0f}" if number <= AFTER[-1] else f"over {AFTER[-1]}"


def _needed_number(curve: NDArray[np.float64], goal: float) -> float:
    reached = curve >= goal
    return EVERY * (reached.argmax() + 1.0) if reached.any() else AFTER[-1] + EVERY
