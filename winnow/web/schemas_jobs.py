"""What the calls about jobs answer."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from winnow.jobs.job import Job

JobState = Literal["queued", "running", "stopping", "stopped", "completed", "failed"]


class JobOut(BaseModel):
    """A job as it stands."""

    number: int
    kind: Annotated[str, Field(description="propose, train, export …: the command")]
    title: str
    arguments: Annotated[list[str], Field(description="of `python -m winnow`")]
    session: int | None
    state: JobState
    created_at: Annotated[float, Field(description="seconds since 1970, UTC")]
    started_at: float | None
    ended_at: float | None
    done: int
    total: Annotated[int, Field(description="0 = not known yet")]
    text: str
    error: Annotated[str | None, Field(description="why it failed, for people")]
    result: dict[str, Any]

    @classmethod
    def of(cls, job: Job) -> "JobOut":
        return cls.model_validate(job.as_json())


class JobsOut(BaseModel):
    jobs: Annotated[list[JobOut], Field(description="newest first")]


class JobEventsOut(BaseModel):
    events: Annotated[list[dict[str, Any]], Field(description="each with its seq, kind and at")]


class JobLogOut(BaseModel):
    text: Annotated[str, Field(description="the last lines that the process printed")]
