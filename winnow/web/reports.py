"""Round reports: which there are, one as JSON, one as the file that was saved."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import FileResponse

from winnow.training.report import list_reports, read_report, report_path
from winnow.web.deps import WorkspaceDep
from winnow.web.schemas_reports import ReportOut, ReportsOut

router = APIRouter(prefix="/api", tags=["reports"])
Number = Annotated[int, Path(ge=1, le=10**6)]


@router.get("/reports")
def read_reports(workspace: WorkspaceDep) -> ReportsOut:
    """The rounds that have a report."""
    return ReportsOut(rounds=list_reports(workspace))


@router.get("/reports/{number}")
def read_report_of(number: Number, workspace: WorkspaceDep) -> ReportOut:
    """One round's report."""
    return read_report(workspace, number)


@router.get("/reports/{number}/file", response_class=FileResponse)
def read_report_file(number: Number, workspace: WorkspaceDep) -> FileResponse:
    """The saved page: everything in one file, no scripts."""
    read_report(workspace, number)
    page = report_path(workspace, number).with_suffix(".html")
    return FileResponse(page, media_type="text/html", filename=page.name)
