"""A propose job from what the predict page's form says, and the file name it gets."""

from pathlib import Path

from winnow.errors import JobError, ProposalError
from winnow.jobs.job import Job
from winnow.jobs.jobs import Jobs
from winnow.round_files import next_proposals_number, proposals_path
from winnow.settings import Settings
from winnow.training.workspace import Workspace
from winnow.web.browsing import browse, resolve_folder
from winnow.web.predict_models import PredictModel, find_model
from winnow.web.schemas_predict import DetectorIn, ProposeIn, SegmenterIn

KIND = "propose"


def start(form: ProposeIn, settings: Settings, workspace: Workspace, jobs: Jobs) -> tuple[str, Job]:
    """Queue what the form asks for; answers the refs file's name. Raises ProposalError or SettingsError."""
    model = find_model(form.model, workspace, settings.weights_path)
    folder = resolve_folder(settings.browse_root, form.folder)
    if not browse(settings.browse_root, form.folder, skip=settings.workspace_path).here.n_images:
        raise ProposalError(f"{folder} holds no images, nor do its sub-folders. Choose a folder that does.")
    out = reserve(settings.base_folder)
    arguments = [KIND, "--images", str(folder), *_model_arguments(model, form), "--out", str(out)]
    try:
        job = jobs.submit(KIND, [*arguments, "--features", form.encoder], title=f"{model.label} on {folder.name}")
    except JobError:
        unfinished_of(out).unlink(missing_ok=True)
        raise
    return out.name, job


def start_again(number: int, settings: Settings, jobs: Jobs) -> tuple[str, Job]:
    """Queue a stopped or failed job once more: it goes on where it was. Raises JobError for any other."""
    job = jobs.get(number)
    out = _out_of(job)
    if job.kind != KIND or job.state not in ("stopped", "failed") or out is None or out.parent != settings.base_folder:
        raise JobError(f"Job {number} ({job.title}, {job.state}) is none that this page can go on with.")
    if out.exists():
        raise JobError(f"{out.name} is there already and whole. Choose it in the list of results.")
    going = next((one for one in jobs.list() if not one.has_ended and _out_of(one) == out), None)
    if going is not None:
        raise JobError(f"Job {going.number} goes on with {out.name} already.")
    return out.name, jobs.submit(KIND, job.arguments, title=job.title)


def reserve(base_folder: Path) -> Path:
    """The next free proposals-NNNN.csv, held by an empty file of an unfinished run, which `propose` fills."""
    number = next_proposals_number(base_folder)
    while True:
        out = proposals_path(base_folder, number)
        try:
            unfinished_of(out).touch(exist_ok=False)
            return out
        except FileExistsError:
            number += 1
        except OSError as error:
            raise ProposalError(
                f"{out} cannot be written: {error.strerror}. Check the folder and the disk's space."
            ) from error


def unfinished_of(out: Path) -> Path:
    return out.with_name(f"{out.name}.unfinished")


def _out_of(job: Job) -> Path | None:
    arguments = list(job.arguments)
    return Path(arguments[arguments.index("--out") + 1]) if "--out" in arguments[:-1] else None


def _model_arguments(model: PredictModel, form: ProposeIn) -> list[str]:
    if model.segmenter is None:
        return ["--detector", str(model.path), *_options(form.detector)]
    return ["--segmenter", model.segmenter, "--checkpoint", str(model.path), *_options(form.segmenter)]


def _options(options: DetectorIn | SegmenterIn) -> list[str]:
    pairs = options.model_dump().items()
    return [part for name, value in pairs for part in (f"--{name.replace('_', '-')}", str(value))]
