"""How few verdicts do: Winnow's goals against the tool before it, modAL, scikit-activeml and random order.

    python benchmarks/label_efficiency.py --cache runs --modal-python PATH --skactiveml-python PATH --demo demo
    python benchmarks/label_efficiency.py --cache runs --seeds 2 --tasks magnetic --goals find_all     # a first look

Every run is one file in the cache, and what is there is not run again: the tables can be printed anew in seconds, and
a change of Winnow needs `rm runs/*.winnow*` only. Winnow's figures come from winnow.learning.replay, one verdict at a
time through the step that the app runs, random looks among them; random order is its expected value. The two libraries
run in environments of their own (peer_modal.py and peer_skactiveml.py say how to make them); without their PATH they
are left out. Needs ../shared/data/features (WINNOW_SHARED names another place).
"""

import argparse
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from label_tables import print_find_all, print_teach
from label_tasks import Task, all_tasks
from numpy.typing import NDArray
from peer_replay import AFTER, GOALS, LAST_SHARE, at_once, average_precision, result_path, save_result
from peer_rule import peer_order
from proposal_order import DATA, all_proposals
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1]))
from winnow.learning.attributes import Attributes
from winnow.learning.labels import Labels
from winnow.learning.replay import replay, verdicts_of
from winnow.learning.space import FeatureSpace
from winnow.learning.step import Snapshot, next_snapshot

HERE = Path(__file__).parent
PRECISION_EVERY = 10  # labels; how often the head is held against the half that nobody labels
WHO = {"find_all": ("winnow", "peer"), "teach": ("winnow", "winnow-random")}


def find_all(task: Task, who: str, seed: int, path: Path) -> None:
    """One run to LAST_SHARE of the positives."""
    shuffled = task.shuffled(seed)
    aim = math.ceil(LAST_SHARE * shuffled.truth.sum())
    if who == "peer":
        vectors = shuffled.vectors.astype(np.float32)
        order = peer_order(vectors, shuffled.truth, strategy="max_probability", positives=aim, seed=seed)
        save_result(path, shuffled.truth[order], [], 0)
        return
    space = FeatureSpace.build(shuffled.vectors, np.ones(len(shuffled.truth), bool), np.random.default_rng(seed))
    replayed = replay(
        space,
        shuffled.truth,
        plan="find_all",
        budget=len(shuffled.truth),
        seed=seed,
        positives=aim,
        attributes=_attributes(seed) if who == "winnow-scores" else None,
        patience=0.01 if at_once(task, 200) > 1 else 0.0,
    )
    save_result(path, replayed.labels, [], 0)


def _attributes(seed: int) -> Attributes:
    """What coco128's proposals say of themselves, in the order of Task.shuffled."""
    whole, _ = all_proposals(DATA / "features" / "coco128.npz")
    order = np.random.default_rng([seed, 1]).permutation(len(whole.truth))
    return whole.part("coco128", order).attributes


def teach(task: Task, who: str, seed: int, path: Path) -> None:
    """One run of AFTER[-1] labels on one half, the head held against the other every PRECISION_EVERY labels."""
    pool, held_out = task.halves(seed)
    n = len(pool.truth)
    space = FeatureSpace.build(pool.vectors, np.ones(n, bool), np.random.default_rng(seed))
    both, outside = space.with_outside(held_out.vectors), np.arange(n, n + len(held_out.truth))
    rows: list[int] = []
    precision: list[float] = []
    for snapshot, chosen in (_random_steps if who == "winnow-random" else _teach_steps)(space, pool.truth, seed):
        if len(rows) % PRECISION_EVERY == 0 and rows:
            by_chance = float(held_out.truth.mean())
            decision = snapshot.head and snapshot.head.decision(both, outside)
            precision.append(by_chance if decision is None else average_precision(decision, held_out.truth))
        if len(rows) >= AFTER[-1]:
            break
        rows += chosen
    save_result(path, pool.truth[rows], precision, 0)


def _teach_steps(space: FeatureSpace, truth: NDArray[np.int8], seed: int) -> Iterator[tuple[Snapshot, list[int]]]:
    for shown in verdicts_of(space, truth, plan="teach", seed=seed):
        yield shown.snapshot, [shown.row]


def _random_steps(space: FeatureSpace, truth: NDArray[np.int8], seed: int) -> Iterator[tuple[Snapshot, list[int]]]:
    """Random order needs no step between two figures."""
    order = np.random.default_rng([seed, 4]).permutation(space.n)
    nothing = np.empty(0, np.int64)
    for k in range(0, space.n, PRECISION_EVERY):
        labels = Labels(order[:k], truth[order[:k]], nothing, nothing)
        snapshot = next_snapshot(space, labels, "random", previous=None, rng=np.random.default_rng(seed))
        yield snapshot, order[k : k + PRECISION_EVERY].tolist()


def run_winnow(tasks: list[Task], goals: list[str], seeds: int, cache: Path, jobs: int) -> None:
    with ProcessPoolExecutor(jobs, initializer=threadpool_limits, initargs=(1,)) as processes:
        waiting = []
        for seed in range(seeds):
            for goal in goals:
                for task in tasks:
                    has_scores = goal == "find_all" and task.name == "coco128"
                    for who in (*WHO[goal], "winnow-scores") if has_scores else WHO[goal]:
                        path = result_path(cache, goal, who, task.name, seed)
                        if not path.exists():
                            one = find_all if goal == "find_all" else teach
                            waiting.append(processes.submit(one, task, who, seed, path))
        for run in waiting:
            run.result()


def run_libraries(options: argparse.Namespace) -> None:
    """Starts what the caches of the libraries lack, one process at a time and each with one thread."""
    arguments = ["--cache", options.cache, "--seeds", options.seeds, "--goals", *options.goals]
    arguments += ["--tasks", *options.tasks] if options.tasks else []
    arguments += ["--demo", options.demo] if options.demo else []
    for python, script in (
        (options.modal_python, "peer_modal.py"),
        (options.skactiveml_python, "peer_skactiveml.py"),
    ):
        for more in ([], ["--standardised"]) if python else ():
            command = [python, HERE / script, *map(str, arguments), *more]
            subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})


def runs_of(cache: Path, goal: str, task: Task, seeds: int) -> dict[str, list[dict[str, NDArray]]]:
    """Who has run the task, and what each of the runs left."""
    name = task.name.replace("/", "_")
    found: dict[str, list[dict[str, NDArray]]] = {}
    for path in sorted(cache.glob(f"{goal}.*.{name}.*.npz")):
        _, who, _, seed, _ = path.name.split(".")
        if int(seed) < seeds:
            with np.load(path) as stored:
                found.setdefault(who, []).append(dict(stored))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--tasks", nargs="*", default=[], help="beginnings of task names; all by default")
    parser.add_argument("--goals", nargs="*", default=list(GOALS), choices=list(GOALS))
    parser.add_argument("--demo", type=Path, help="folder of a demo pool with its features.npy")
    parser.add_argument("--modal-python", type=Path, help="the Python of an environment with modAL")
    parser.add_argument("--skactiveml-python", type=Path, help="the Python of an environment with scikit-activeml")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only-print", action="store_true", help="tables of what the cache holds")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    tasks = all_tasks(options.tasks, options.demo)
    if not options.only_print:
        run_winnow(tasks, options.goals, options.seeds, options.cache, options.jobs)
        run_libraries(options)
    for goal in options.goals:
        runs = {task.name: runs_of(options.cache, goal, task, options.seeds) for task in tasks}
        print_find_all(tasks, runs) if goal == "find_all" else print_teach(tasks, runs)


if __name__ == "__main__":
    main()
