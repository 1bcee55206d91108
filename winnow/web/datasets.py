"""Data set versions: the list with what changed, and making a new one as a job."""

from typing import Annotated

from fastapi import APIRouter, Path

from winnow.training.dataset import DatasetVersion, get_dataset, list_datasets
from winnow.training.manifest import Task
from winnow.web.deps import JobsDep, LoaderDep, WorkspaceDep
from winnow.web.schemas_jobs import JobOut
from winnow.web.schemas_train import DatasetIn, DatasetOut, DatasetsOut

router = APIRouter(prefix="/api", tags=["datasets"])
KIND = "dataset"


@router.get("/datasets")
def read_datasets(workspace: WorkspaceDep) -> DatasetsOut:
    """Every version, newest first."""
    versions = list_datasets(workspace)
    befores = [None, *versions][: len(versions)]
    return DatasetsOut(datasets=[_out(*pair) for pair in zip(versions, befores, strict=True)][::-1])


@router.get("/datasets/{number}")
def read_dataset(number: Annotated[int, Path(ge=1, le=10**6)], workspace: WorkspaceDep) -> DatasetOut:
    """One version, with its differences to the one before."""
    version = get_dataset(workspace, number)
    before = version.manifest.previous
    return _out(version, get_dataset(workspace, before) if before else None)


@router.post("/datasets", status_code=202)
def make_dataset(body: DatasetIn, jobs: JobsDep, loader: LoaderDep) -> JobOut:
    """Make the next version as a job: it looks at every image. The same content again makes no new one."""
    arguments = [KIND, *dataset_arguments(loader, partial=body.partial, rejects=body.rejects, task=body.task)]
    return JobOut.of(jobs.submit(KIND, arguments, title="Make a data set version"))


def dataset_arguments(loader: LoaderDep, *, partial: bool, rejects: str, task: Task) -> list[str]:
    """Of the commands that build a data set; the open proposals that count are those of the pool that is shown."""
    refs = ["--refs", str(loader.settings.refs.absolute())]
    of_masks = ["--task", task] if task != "detect" else []
    return [*refs, *(["--partial"] if partial else []), "--rejects", rejects, *of_masks]


def _out(version: DatasetVersion, before: DatasetVersion | None) -> DatasetOut:
    manifest = version.manifest
    return DatasetOut(
        number=version.number,
        task=version.task,
        created_at=manifest.created_at,
        settings=manifest.settings,
        classes=list(version.classes),
        counts=version.counts,
        differences=_differences(version, before) if before else None,
        left_out=manifest.left_out,
        unreadable=len(manifest.unreadable),
        last_seq=manifest.last_seq,
        folder=str(version.folder),
    )


def _differences(version: DatasetVersion, before: DatasetVersion) -> dict[str, dict[str, int]]:
    differences = {}
    for part, counts in version.counts.items():
        old = before.counts[part]
        boxes = sum(counts["boxes"].values()) - sum(old["boxes"].values())
        differences[part] = {name: counts[name] - old[name] for name in ("images", "negatives")} | {"boxes": boxes}
    return differences
