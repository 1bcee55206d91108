"""Jobs over HTTP, and the feed that tells a listener what it missed."""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from small_pool import Client

from winnow.jobs.job import JobFolder, numbers
from winnow.jobs.jobs import Jobs, Patience
from winnow.settings import Settings
from winnow.web.app import create_app
from winnow.web.job_feed import JobFeed

WORKER = Path(__file__).parents[1] / "jobs" / "job_worker.py"
ENDED = ("stopped", "completed", "failed")


def small_jobs(folder: Path) -> Jobs:
    return Jobs(folder, {}, patience=Patience(0.02), program=[sys.executable, str(WORKER)])


def end_processes(folder: Path) -> None:
    for number in numbers(folder):
        job = JobFolder(folder / f"{number:04d}")
        if job.is_alive and (job.path / "pid").exists():
            os.kill(job.signals_to, signal.SIGKILL)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    jobs = small_jobs(tmp_path / "jobs")
    jobs.start()
    yield jobs
    jobs.close()
    end_processes(tmp_path / "jobs")


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    """The app whose jobs run the small worker in place of Winnow."""
    app = create_app(settings)
    app.state.jobs = small_jobs(app.state.workspace.jobs)
    with Client(app, base_url="http://localhost") as client:
        yield client
    end_processes(app.state.workspace.jobs)


def submit(client: Client, *arguments: str) -> int:
    return client.app.state.jobs.submit("test", arguments, title="A test").number  # type: ignore[attr-defined]


def test_a_job_is_read_with_its_end_events_and_log(client: Client) -> None:
    number = submit(client, "finish")
    job = client.ended_job(number)
    assert (job["state"], job["title"], job["arguments"], job["done"], job["total"], job["result"]) == (
        "completed",
        "A test",
        ["finish"],
        2,
        2,
        {"version": 7},
    )
    assert client.get("/api/jobs").json() == {"jobs": [job]}
    events = client.get(f"/api/jobs/{number}/events", params={"after": 1}).json()["events"]
    assert [(event["seq"], event["kind"], event["epoch"]) for event in events] == [(2, "epoch", 2)]


def test_a_failed_job_tells_its_cause_and_its_last_words(client: Client) -> None:
    number = submit(client, "refuse")
    job = client.ended_job(number)
    assert (job["state"], job["error"]) == ("failed", "No box was accepted. Accept one.")
    log = f"/api/jobs/{number}/log"
    client.wait_until(lambda client: "No box was accepted" in client.get(log).json()["text"])


def test_a_running_job_is_stopped(client: Client) -> None:
    number = submit(client, "wait")
    client.wait_until(lambda client: client.get(f"/api/jobs/{number}/events").json()["events"])
    assert client.post(f"/api/jobs/{number}/stop").json()["state"] == "stopping"
    assert client.ended_job(number)["state"] == "stopped"


def test_an_ended_job_cannot_be_stopped(client: Client) -> None:
    number = submit(client, "finish")
    client.ended_job(number)
    answer = client.post(f"/api/jobs/{number}/stop")
    assert (answer.status_code, answer.json()["error"]) == (409, "bad_job")
    assert "ended already (completed)" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/jobs/9"),
        ("GET", "/api/jobs/9/log"),
        ("GET", "/api/jobs/9/events"),
        ("POST", "/api/jobs/9/stop"),
    ],
)
def test_a_job_that_is_not_there_is_told(client: Client, method: str, path: str) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "There is no job 9. The jobs are listed on the Train page.",
    )


Message = tuple[str, str, dict[str, Any]]


def read(texts: list[str]) -> list[Message]:
    """Kind, id and content of messages in the wire's form."""
    lines = [dict(line.split(": ", 1) for line in text.strip().split("\n")) for text in texts]
    return [(line["event"], line["id"], json.loads(line["data"])) for line in lines]


def gather(feed: JobFeed, is_enough: Callable[[list[Message]], bool]) -> list[Message]:
    messages: list[Message] = []
    deadline = time.monotonic() + 30
    while not is_enough(messages):
        assert time.monotonic() < deadline, messages
        messages += read(feed.news())
        time.sleep(0.01)
    return messages


def has_ended(number: int) -> Callable[[list[Message]], bool]:
    return lambda messages: any(
        kind == "job" and content["number"] == number and content["state"] in ENDED for kind, _, content in messages
    )


def test_a_listener_hears_each_state_and_each_event_once(jobs: Jobs, tmp_path: Path) -> None:
    feed = JobFeed(jobs, tmp_path / "jobs")
    jobs.submit("train", ["finish"], title="Train")
    messages = gather(feed, has_ended(1))
    assert [content["seq"] for kind, _, content in messages if kind == "event"] == [1, 2]
    states = [content["state"] for kind, _, content in messages if kind == "job"]
    assert states[-1] == "completed"
    assert set(states) <= {"queued", "running", "completed"}
    assert feed.news() == []


def test_a_new_listener_hears_of_ended_jobs_but_not_their_events(jobs: Jobs, tmp_path: Path) -> None:
    jobs.submit("train", ["finish"], title="Train")
    gather(JobFeed(jobs, tmp_path / "jobs"), has_ended(1))
    messages = read(JobFeed(jobs, tmp_path / "jobs").news())
    assert [(kind, content["number"], content["state"]) for kind, _, content in messages] == [("job", 1, "completed")]


def test_a_new_listener_hears_the_events_of_a_job_that_goes_on(jobs: Jobs, tmp_path: Path) -> None:
    jobs.submit("train", ["wait"], title="Train")
    gather(JobFeed(jobs, tmp_path / "jobs"), lambda messages: any(kind == "event" for kind, _, _ in messages))
    messages = read(JobFeed(jobs, tmp_path / "jobs").news())
    assert [(kind, content.get("kind")) for kind, _, content in messages] == [("job", "train"), ("event", "waiting")]


def test_a_listener_that_comes_back_hears_only_what_it_missed(jobs: Jobs, tmp_path: Path) -> None:
    feed = JobFeed(jobs, tmp_path / "jobs")
    jobs.submit("train", ["finish"], title="before")
    messages = gather(feed, has_ended(1))
    after_first = next(place for kind, place, content in messages if kind == "event" and content["seq"] == 1)
    jobs.submit("train", ["finish"], title="while it was away")
    gather(feed, has_ended(2))
    heard = read(JobFeed(jobs, tmp_path / "jobs", after_first).news())
    events = [(content["job"], content["seq"]) for kind, _, content in heard if kind == "event"]
    assert events == [(1, 2), (2, 1), (2, 2)]
    assert read(JobFeed(jobs, tmp_path / "jobs", heard[-1][1]).news())[0][0] == "job"
    last = [kind for kind, _, _ in read(JobFeed(jobs, tmp_path / "jobs", heard[-1][1]).news())]
    assert last == ["job", "job"]


@pytest.mark.parametrize("place", ["", "nonsense", "1/x", "1/2", "-1/", "9" * 50, "1/2:3,,"])
def test_a_place_that_makes_no_sense_begins_anew(jobs: Jobs, tmp_path: Path, place: str) -> None:
    jobs.submit("train", ["finish"], title="Train")
    gather(JobFeed(jobs, tmp_path / "jobs"), has_ended(1))
    assert [kind for kind, _, _ in read(JobFeed(jobs, tmp_path / "jobs", place).news())] == ["job"]


def test_a_damaged_job_is_listed_as_failed_beside_the_others(client: Client) -> None:
    for _ in range(2):
        client.ended_job(submit(client, "finish"))
    folder = client.app.state.workspace.jobs / "0001"  # type: ignore[attr-defined]
    (folder / "state.json").write_bytes(b"")
    listed = client.get("/api/jobs").json()["jobs"]
    assert [(job["number"], job["state"]) for job in listed] == [(2, "completed"), (1, "failed")]
    assert "damaged" in listed[1]["error"]
    assert f"remove the folder {folder}" in listed[1]["error"]


def test_a_damaged_job_is_told_once_and_hides_no_other(jobs: Jobs, tmp_path: Path) -> None:
    jobs.submit("train", ["finish"], title="Train")
    gather(JobFeed(jobs, tmp_path / "jobs"), has_ended(1))
    jobs.submit("train", ["finish"], title="Train")
    gather(JobFeed(jobs, tmp_path / "jobs"), has_ended(2))
    (tmp_path / "jobs" / "0001" / "job.json").write_text("{")
    feed = JobFeed(jobs, tmp_path / "jobs")
    messages = read(feed.news())
    assert [(kind, content.get("job", content.get("number"))) for kind, _, content in messages] == [
        ("job", 1),
        ("job", 2),
    ]
    assert "damaged" in messages[0][2]["error"]
    assert feed.news() == []
