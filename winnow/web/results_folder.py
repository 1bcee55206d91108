"""Writing the results folder as a job."""

from fastapi import APIRouter

from winnow.jobs.job import LIVE_STATES
from winnow.web.deps import JobsDep, WorkspaceDep
from winnow.web.schemas_jobs import JobOut
from winnow.web.schemas_rounds import ResultsFolderIn, ResultsFolderOut

router = APIRouter(prefix="/api", tags=["results"])
KIND = "results"


@router.post("/results-folder", status_code=201)
def write_results_folder(body: ResultsFolderIn, workspace: WorkspaceDep, jobs: JobsDep) -> ResultsFolderOut:
    """Queue the job that brings the folder up to date; where one waits with the same options, that one is answered."""
    folder = workspace.folder / "results"
    overlays = "--overlays" if body.overlays else "--no-overlays"
    arguments = (KIND, "--out", str(folder), "--masks", body.masks, overlays)
    waiting = (job for job in jobs.list() if job.state == LIVE_STATES[0] and job.arguments == arguments)
    job = next(waiting, None) or jobs.submit(KIND, arguments, title="Results folder")
    return ResultsFolderOut(folder=str(folder), job=JobOut.of(job))
