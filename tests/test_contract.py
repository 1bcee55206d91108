"""The black-box check of the HTTP contract that other programs rely on, where it is at hand."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def test_no_rule_of_the_http_contract_is_broken(shared: Path) -> None:
    check = shared / "contract" / "check_http.py"
    if not check.is_file():
        pytest.skip(f"the contract's check is not at {check}")
    command = [sys.executable, str(check), "--python", sys.executable]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "0 broken", done.stdout + done.stderr
