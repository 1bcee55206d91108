"""Jobs: real processes, watched, stopped, killed, and told of truthfully afterwards."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from winnow.errors import JobError
from winnow.jobs.job import Job, JobFolder, new_job_folder
from winnow.jobs.jobs import Jobs, Patience

WORKER = Path(__file__).with_name("job_worker.py")
PROGRAM = [sys.executable, str(WORKER)]
ROOT = Path(__file__).parents[2]


def open_jobs(folder: Path, asked_s: float = 30.0, terminated_s: float = 30.0) -> Jobs:
    return Jobs(folder, {}, patience=Patience(0.02, asked_s, terminated_s), program=PROGRAM)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Jobs]]:
    """Opens Jobs on the test's folder with its thread running; all are closed and their processes ended afterwards."""
    opened: list[Jobs] = []

    def start(**patience: float) -> Jobs:
        jobs = open_jobs(tmp_path / "jobs", **patience)
        jobs.start()
        opened.append(jobs)
        return jobs

    yield start
    for jobs in opened:
        jobs.close()
    end_processes(tmp_path / "jobs")


def end_processes(folder: Path) -> None:
    for path in folder.glob("[0-9]*"):
        if JobFolder(path).is_alive and (path / "pid").exists():
            os.kill(JobFolder(path).signals_to, signal.SIGKILL)


def until(jobs: Jobs, number: int, is_so: Callable[[Job], bool]) -> Job:
    """Poll a job until it is so; fails, showing it, after 30 seconds."""
    deadline = time.monotonic() + 30
    while not is_so(job := jobs.get(number)):
        assert time.monotonic() < deadline, (job, jobs.log(number))
        time.sleep(0.01)
    return job


def until_ended(jobs: Jobs, number: int) -> Job:
    return until(jobs, number, lambda job: job.has_ended)


def until_event(jobs: Jobs, number: int) -> None:
    until(jobs, number, lambda job: bool(jobs.events(number)) or job.has_ended)


def test_a_job_tells_progress_events_and_result(started: Callable[..., Jobs]) -> None:
    jobs = started()
    submitted = jobs.submit("train", ["finish"], title="Train yolo11n", session=3)
    assert (submitted.number, submitted.title, submitted.session) == (1, "Train yolo11n", 3)
    job = until_ended(jobs, 1)
    assert (job.state, job.done, job.total, job.result, job.error) == ("completed", 2, 2, {"version": 7}, None)
    assert job.started_at is not None
    assert job.ended_at is not None
    assert [(e["seq"], e["epoch"], e["loss"]) for e in jobs.events(1)] == [(1, 1, 0.5), (2, 2, 0.25)]
    assert [e["seq"] for e in jobs.events(1, after=1)] == [2]


def test_jobs_run_one_at_a_time_in_order(started: Callable[..., Jobs]) -> None:
    jobs = started()
    for _ in range(2):
        jobs.submit("train", ["wait"], title="waits")
    until_event(jobs, 1)
    assert jobs.get(2).state == "queued"
    jobs.stop(1)
    until_event(jobs, 2)
    assert jobs.get(1).state == "stopped"
    assert [job.number for job in jobs.list()] == [2, 1]


def test_a_queued_job_is_stopped_without_starting(started: Callable[..., Jobs]) -> None:
    jobs = started()
    jobs.submit("train", ["wait"], title="waits")
    jobs.submit("train", ["finish"], title="never begins")
    until_event(jobs, 1)
    jobs.stop(2)
    assert until_ended(jobs, 2).state == "stopped"
    assert jobs.get(2).started_at is None


@pytest.mark.parametrize("behaviour", ["ignore_the_wish", "ignore_the_signal_too"])
def test_a_job_that_does_not_listen_is_ended_by_signal(started: Callable[..., Jobs], behaviour: str) -> None:
    jobs = started(asked_s=0.05, terminated_s=0.05)
    jobs.submit("train", [behaviour], title="deaf")
    until_event(jobs, 1)
    assert jobs.stop(1).state == "stopping"
    job = until_ended(jobs, 1)
    assert (job.state, job.error) == ("stopped", None)


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [
        ("refuse", "No box was accepted. Accept one."),
        ("break_down", "ZeroDivisionError: a fault of ours"),
        ("run_out", "Memory ran out. Choose a smaller batch or a smaller image size, or close other programs."),
    ],
)
def test_an_error_is_the_jobs_cause(started: Callable[..., Jobs], behaviour: str, cause: str) -> None:
    jobs = started()
    jobs.submit("train", [behaviour], title="fails")
    job = until_ended(jobs, 1)
    assert (job.state, job.error) == ("failed", cause)


def test_a_killed_job_says_memory_and_its_last_words(started: Callable[..., Jobs]) -> None:
    jobs = started()
    jobs.submit("train", ["be_killed"], title="dies")
    job = until_ended(jobs, 1)
    assert job.state == "failed"
    assert job.error == (
        "The process was killed (signal 9), most likely because memory ran out. Choose a smaller batch or a smaller "
        "image size, or close other programs. Its last words: last words"
    )


def test_a_full_disk_is_the_cause(started: Callable[..., Jobs]) -> None:
    jobs = started()
    jobs.submit("train", ["fill_the_disk"], title="fills the disk")
    job = until_ended(jobs, 1)
    assert job.state == "failed"
    assert "File too large" in str(job.error)
    events = jobs.events(1)
    assert [e["epoch"] for e in events] == list(range(len(events)))


@pytest.mark.parametrize(("code", "state"), [("0", "completed"), ("3", "failed")])
def test_a_command_that_tells_nothing_ends_by_its_exit_code(
    started: Callable[..., Jobs], code: str, state: str
) -> None:
    jobs = started()
    jobs.submit("propose", ["bare", code], title="bare")
    assert until_ended(jobs, 1).state == state


def test_a_command_that_is_none_fails_with_what_it_said(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path / "jobs", {}, patience=Patience(0.02))
    jobs.start()
    jobs.submit("train", ["no-such-command"], title="typo")
    job = until_ended(jobs, 1)
    jobs.close()
    assert job.state == "failed"
    assert "no-such-command" in str(job.error)


def test_a_running_job_outlives_its_server_and_is_watched_by_the_next(started: Callable[..., Jobs]) -> None:
    first = started()
    first.submit("train", ["wait"], title="goes on")
    until_event(first, 1)
    first.close()
    second = started()
    assert second.get(1).state == "running"
    second.stop(1)
    assert until_ended(second, 1).state == "stopped"


def test_a_restarted_server_tells_what_became_of_a_job(tmp_path: Path, started: Callable[..., Jobs]) -> None:
    first = started()
    first.submit("train", ["ignore_the_wish"], title="dies alone")
    first.submit("train", ["finish"], title="still queued")
    until_event(first, 1)
    first.close()
    os.kill(JobFolder(tmp_path / "jobs/0001").signals_to, signal.SIGKILL)
    until(first, 1, lambda job: job.state == "failed")
    second = open_jobs(tmp_path / "jobs")
    assert second.get(1).state == "failed"
    assert "ended without a word" in str(second.get(1).error)
    second.start()
    assert until_ended(second, 2).state == "completed"
    second.close()
    assert JobFolder(tmp_path / "jobs/0001").read_state()["state"] == "failed"


def test_a_terminals_command_is_a_job_too_and_waits_for_its_turn(started: Callable[..., Jobs], tmp_path: Path) -> None:
    jobs = started()
    jobs.submit("train", ["wait"], title="first")
    until_event(jobs, 1)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    terminal = subprocess.Popen([*PROGRAM, "finish", str(tmp_path / "jobs")], env=environment)
    until(jobs, 1, lambda _: len(jobs.list()) == 2)
    until(jobs, 2, lambda job: job.text == "Waits for job 1 to end.")
    jobs.stop(1)
    assert until_ended(jobs, 2).result == {"version": 7}
    assert terminal.wait() == 0


def test_a_job_that_is_not_whole_is_not_listed(tmp_path: Path) -> None:
    new_job_folder(tmp_path / "jobs", "train", "half", [], None)
    (tmp_path / "jobs/0007").mkdir()
    (tmp_path / "jobs/0007/log.txt").write_text("what somebody copied here")
    jobs = open_jobs(tmp_path / "jobs")
    assert jobs.list() == []
    assert jobs.submit("train", [], title="whole").number == 8


def test_a_half_written_event_is_left_out(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    folder.events_path.write_bytes(b'{"kind": "epoch", "at": 1}\n{"kind": "ep')
    assert folder.events() == [{"kind": "epoch", "at": 1, "seq": 1}]


def test_stopping_what_has_ended_or_is_not_there_is_refused(started: Callable[..., Jobs]) -> None:
    jobs = started()
    with pytest.raises(JobError, match="There is no job 5"):
        jobs.stop(5)
    jobs.submit("train", ["finish"], title="done")
    until_ended(jobs, 1)
    with pytest.raises(JobError, match=r"Job 1 has ended already \(completed\)"):
        jobs.stop(1)


def test_submitting_into_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "jobs").write_text("a file, no folder")
    with pytest.raises(JobError, match="cannot be written"):
        open_jobs(tmp_path / "jobs").submit("train", [], title="x")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("state.json", b""),
        ("state.json", b"[]"),
        ("state.json", b'{"state": "asleep"}'),
        ("state.json", b"\xff"),
        ("job.json", b""),
        ("job.json", b'{"title": "no kind"}'),
        ("job.json", b'{"kind": "train", "title": "t", "arguments": null, "session": null, "created_at": 1}'),
    ],
)
def test_a_damaged_job_reads_as_failed_and_holds_up_no_other(
    started: Callable[..., Jobs], tmp_path: Path, file: str, content: bytes
) -> None:
    open_jobs(tmp_path / "jobs").submit("train", ["finish"], title="damaged")
    folder = tmp_path / "jobs" / "0001"
    (folder / file).write_bytes(content)
    jobs = started()
    jobs.submit("train", ["finish"], title="whole")
    assert until_ended(jobs, 2).state == "completed"
    whole, damaged = jobs.list()
    assert (whole.state, damaged.number, damaged.state) == ("completed", 1, "failed")
    assert f"{folder / file} is damaged (" in str(damaged.error)
    assert f"remove the folder {folder}" in str(damaged.error)
    assert (folder / file).read_bytes() == content


def test_the_number_of_a_removed_job_runs_again(started: Callable[..., Jobs], tmp_path: Path) -> None:
    jobs = started()
    jobs.submit("train", ["finish"], title="first")
    until_ended(jobs, 1)
    folder = tmp_path / "jobs" / "0001"
    while folder.exists():  # its last look at the ended job may put a lock there
        shutil.rmtree(folder, ignore_errors=True)
    assert jobs.submit("train", ["finish"], title="second").number == 1
    assert until_ended(jobs, 1).title == "second"


def test_a_folder_that_is_named_otherwise_is_no_job(tmp_path: Path) -> None:
    jobs = open_jobs(tmp_path / "jobs")
    jobs.submit("train", ["finish"], title="whole")
    shutil.copytree(tmp_path / "jobs" / "0001", tmp_path / "jobs" / "1")
    assert [job.number for job in jobs.list()] == [1]
