"""Free memory as the system and the driver's tool tell it."""

from pathlib import Path

import pytest

from winnow.training.machine import look_at_machine


def put_tool(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program that answers as nvidia-smi would, alone on PATH."""
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_without_the_drivers_tool_there_is_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    machine = look_at_machine()
    assert machine.gpu_free is None
    assert machine.ram_free > 0


def test_the_first_gpus_free_memory_is_told_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_tool(tmp_path, monkeypatch, "echo 1024; echo 4096")
    assert look_at_machine().gpu_free == 1024 * 2**20


@pytest.mark.parametrize("script", ["exit 9", "echo '[N/A]'", "true"])
def test_a_tool_that_tells_nothing_means_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    put_tool(tmp_path, monkeypatch, script)
    assert look_at_machine().gpu_free is None
