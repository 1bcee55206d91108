"""The crash run of benchmarks/, short: what was acknowledged is there after every SIGKILL."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import crash


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_in_twenty_kills(tmp_path: Path) -> None:
    acknowledged, faults = crash.run(20, seed=1, folder=tmp_path, n_items=2_000)
    assert faults == []
    assert acknowledged > 20
