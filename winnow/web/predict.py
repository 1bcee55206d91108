"""The predict page's calls: folders, detectors, proposals of an image."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from winnow.errors import SettingsError
from winnow.proposals.detector import DetectorOptions
from winnow.proposals.segmenter import SegmenterOptions
from winnow.web.browsing import browse
from winnow.web.deps import JobsDep, LoaderDep, SettingsDep, WorkspaceDep
from winnow.web.loader import Loader
from winnow.web.predict_jobs import start, start_again
from winnow.web.predict_models import encoders, versions, weights_files
from winnow.web.proposal_files import ProposalFiles, ProposalImage
from winnow.web.schemas_jobs import JobOut
from winnow.web.schemas_predict import (
    AgainIn,
    FoldersOut,
    PredictModelOut,
    PredictOut,
    ProposalFileOut,
    ProposalFilesOut,
    ProposalImageOut,
    ProposalImagesOut,
    ProposeIn,
    ProposeOut,
)

router = APIRouter(tags=["predict"])
_UNASKED = ("classes", "device")  # options of the command that the page leaves alone


def get_proposal_files(request: Request) -> ProposalFiles:
    return request.app.state.proposal_files


ProposalFilesDep = Annotated[ProposalFiles, Depends(get_proposal_files)]
Name = Annotated[str, Path(max_length=255, description="as listed by /api/proposals")]


@router.get("/api/predict")
def read_choices(settings: SettingsDep, workspace: WorkspaceDep, loader: LoaderDep) -> PredictOut:
    """What the form offers: models, encoders, default settings."""
    models, problem = versions(workspace)
    models += weights_files(settings.weights_path)
    return PredictOut(
        root=str(settings.browse_root),
        base_folder=str(settings.base_folder),
        weights_folder=str(settings.weights_path),
        models=[PredictModelOut.model_validate(model) for model in models],
        problem=problem,
        encoders=_encoders(loader),
        detector={name: value for name, value in asdict(DetectorOptions()).items() if name not in _UNASKED},
        segmenter={name: value for name, value in asdict(SegmenterOptions()).items() if name not in _UNASKED},
    )


@router.get("/api/folders")
def read_folders(settings: SettingsDep, under: Annotated[str, Query(max_length=4000)] = "") -> FoldersOut:
    """A folder below the root and its sub-folders with the images they hold; nothing outside the root."""
    return FoldersOut.model_validate(browse(settings.browse_root, under, skip=settings.workspace_path))


@router.post("/api/proposals", status_code=201)
def propose(
    body: ProposeIn, settings: SettingsDep, workspace: WorkspaceDep, loader: LoaderDep, jobs: JobsDep
) -> ProposeOut:
    """Queue a job that proposes; its refs file appears among the proposals when it is done."""
    if body.encoder not in (offered := _encoders(loader)):
        raise SettingsError(f"The encoder {body.encoder!r} is none of {', '.join(offered)}. Choose one of those.")
    name, job = start(body, settings, workspace, jobs)
    return ProposeOut(name=name, job=JobOut.of(job))


@router.post("/api/proposals/again", status_code=201)
def propose_again(body: AgainIn, settings: SettingsDep, jobs: JobsDep) -> ProposeOut:
    """Queue a stopped or failed job once more; it goes on where it was."""
    name, job = start_again(body.job, settings, jobs)
    return ProposeOut(name=name, job=JobOut.of(job))


@router.get("/api/proposals")
def read_files(files: ProposalFilesDep) -> ProposalFilesOut:
    """The proposals that there are, by file."""
    found, problems = files.list()
    return ProposalFilesOut(files=[ProposalFileOut.model_validate(file) for file in found], problems=problems)


@router.get("/api/proposals/{name}/images")
def read_images(
    name: Name,
    request: Request,
    files: ProposalFilesDep,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=50)] = 8,
) -> ProposalImagesOut:
    """A window of a file's images with their proposals."""
    file = files.get(name)
    images = [_image_out(request, name, image) for image in file.images(offset, limit)]
    return ProposalImagesOut(total=file.n_images, images=images)


@router.get("/media/proposals/{name}/{index}", response_class=Response, responses={200: {"content": {"image/*": {}}}})
def read_image(
    name: Name,
    index: Annotated[int, Path(ge=0, le=2**31, description="of the image, as listed")],
    request: Request,
    files: ProposalFilesDep,
    size: Annotated[int, Query(ge=16, le=4096, description="longest side in pixels")] = 1600,
) -> Response:
    """An image that was proposed on, without anything drawn on it."""
    headers = {"ETag": files.tag(name, index, size), "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    content, media_type = files.render(name, index, size)
    return Response(content, media_type=media_type, headers=headers)


def _image_out(request: Request, name: str, image: ProposalImage) -> ProposalImageOut:
    url = request.app.url_path_for("read_image", name=name, index=str(image.index))
    return ProposalImageOut.model_validate({**asdict(image), "image_url": str(url)})


def _encoders(loader: Loader) -> list[str]:
    return encoders(loader.session.features.encoder if loader.session else None)
