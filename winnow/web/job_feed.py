"""The jobs as server-sent events: what a listener has not been told yet, in the wire's form."""

import asyncio
import json
import re
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool

from winnow.errors import JobError
from winnow.jobs.job import Job, numbers
from winnow.jobs.jobs import Jobs
from winnow.web.schemas_jobs import JobOut

LOOK_EVERY_S = 0.4
HEARTBEAT_S = 15.0
_OPENING = "retry: 1000\n\n"  # milliseconds until a browser comes back
_HEARTBEAT = ": still here\n\n"
_PLACE = re.compile(r"(\d{1,9})/((?:\d{1,9}:\d{1,9}(?:,|$))*)")


class JobFeed:
    """One listener's place in the events of all jobs.

    The place travels as the event id, `7/3:17,5:2`: jobs up to 7 are known, of job 3 event 17 was the last sent, of
    job 5 event 2. A listener that comes back with it gets what it missed, also of jobs that began and ended meanwhile;
    one that comes without gets every job, and the events of those that have not ended.
    """

    def __init__(self, jobs: Jobs, folder: Path, last_event_id: str = "") -> None:
        self._jobs, self._folder = jobs, folder
        self._told: dict[int, Job] = {}
        place = _PLACE.fullmatch(last_event_id)
        self._newest = int(place[1]) if place else max(numbers(folder), default=0)
        pairs = (pair.split(":") for pair in place[2].split(",") if pair) if place else ()
        self._seqs = {int(number): int(seq) for number, seq in pairs}

    def news(self) -> list[str]:
        """The messages since the last call; reads files, so it is not for the event loop."""
        messages, there = [], numbers(self._folder)
        self._told = {number: job for number, job in self._told.items() if number in there}
        for number in there:
            before = self._told.get(number)
            if before is not None and before.has_ended:
                continue
            try:
                messages += self._news_of(number, before)
            except JobError:  # somebody removed its folder just now
                continue
        return messages

    def _news_of(self, number: int, before: Job | None) -> list[str]:
        # The job is read before its events: what it told before its end is then among them.
        job = self._jobs.get(number)
        if number > self._newest or not job.has_ended:
            self._seqs.setdefault(number, 0)
        self._newest = max(self._newest, number)
        messages = [] if job == before else [self._message("job", JobOut.of(job).model_dump())]
        if number in self._seqs:
            for event in self._jobs.events(number, self._seqs[number]):
                self._seqs[number] = event["seq"]
                messages.append(self._message("event", {"job": number, **event}))
        if job.has_ended:
            self._seqs.pop(number, None)
        self._told[number] = job
        return messages

    def _message(self, kind: str, content: dict[str, Any]) -> str:
        place = f"{self._newest}/" + ",".join(f"{number}:{seq}" for number, seq in self._seqs.items())
        return f"event: {kind}\nid: {place}\ndata: {json.dumps(content)}\n\n"


async def stream(feed: JobFeed) -> AsyncIterator[str]:
    """The feed's messages as they come, a comment where there are none for a while, until the server ends."""
    yield _OPENING
    sent_at = time.monotonic()
    while not _is_server_ending():
        messages = await run_in_threadpool(feed.news)
        is_silent = time.monotonic() - sent_at > HEARTBEAT_S
        if messages or is_silent:
            yield "".join(messages) or _HEARTBEAT
            sent_at = time.monotonic()
        await asyncio.sleep(LOOK_EVERY_S)


def _is_server_ending() -> bool:
    """Only uvicorn's own signal handler knows: the app is told once all answers have ended, and this one has no end."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return bool(getattr(server, "should_exit", False))
