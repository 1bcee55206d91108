"""What the calls about round reports answer."""

from typing import Annotated, Any

from pydantic import BaseModel, Field


class ReportsOut(BaseModel):
    rounds: Annotated[list[int], Field(description="model versions whose round has a report, oldest first")]


ReportOut = Annotated[dict[str, Any], Field(description="as saved in workspace/reports; docs/rounds.md has the fields")]
