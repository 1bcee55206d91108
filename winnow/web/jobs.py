"""Jobs: list, stop, log, and their events as they happen."""

from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Path, Query
from fastapi.responses import StreamingResponse

from winnow.errors import JobError
from winnow.jobs.jobs import Jobs
from winnow.web.deps import JobsDep, WorkspaceDep
from winnow.web.job_feed import JobFeed, stream
from winnow.web.schemas_jobs import JobEventsOut, JobLogOut, JobOut, JobsOut

router = APIRouter(prefix="/api", tags=["jobs"])
Number = Annotated[int, Path(ge=1, le=10**9)]


@router.get("/jobs")
def read_jobs(jobs: JobsDep) -> JobsOut:
    """Every job: queued, running and ended."""
    return JobsOut(jobs=[JobOut.of(job) for job in jobs.list()])


# Not in the OpenAPI document: clients that try every call there would wait for its end, and it has none.
@router.get("/jobs/events", include_in_schema=False)
def listen(
    jobs: JobsDep, workspace: WorkspaceDep, last_event_id: Annotated[str, Header()] = "", after: str = ""
) -> StreamingResponse:
    """Server-sent events without end: `job` is a job as it now stands, `event` what one told (its kind, at, …).

    `after` stands in for the header Last-Event-ID where a page opens its connection anew.
    """
    feed = JobFeed(jobs, workspace.jobs, last_event_id or after)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream(feed), media_type="text/event-stream", headers=headers)


@router.get("/jobs/{number}")
def read_job(number: Number, jobs: JobsDep) -> JobOut:
    """One job as it stands."""
    _check(number, jobs)
    return JobOut.of(jobs.get(number))


@router.get("/jobs/{number}/events")
def read_events(
    number: Number, jobs: JobsDep, after: Annotated[int, Query(ge=0, le=10**9, description="a seq")] = 0
) -> JobEventsOut:
    """What the job told so far, oldest first: epochs, metrics …"""
    _check(number, jobs)
    return JobEventsOut(events=jobs.events(number, after))


@router.get("/jobs/{number}/log")
def read_log(number: Number, jobs: JobsDep, lines: Annotated[int, Query(ge=1, le=2000)] = 200) -> JobLogOut:
    """The end of what the process printed."""
    _check(number, jobs)
    return JobLogOut(text=jobs.log(number, lines))


@router.post("/jobs/{number}/stop")
def stop_job(number: Number, jobs: JobsDep) -> JobOut:
    """Ask a job to stop; 409 for one that has ended."""
    _check(number, jobs)
    return JobOut.of(jobs.stop(number))


def _check(number: int, jobs: Jobs) -> None:
    """Raises 404 for a number that is not there."""
    try:
        jobs.folder_of(number)
    except JobError as error:
        raise HTTPException(404, str(error)) from error
