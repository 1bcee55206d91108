"""The pools of this project: list them, open another one."""

from dataclasses import asdict
from pathlib import Path

from fastapi import APIRouter

from winnow.errors import UnknownPool
from winnow.round_files import corrections_path, mistakes_files, proposals_files
from winnow.settings import Settings
from winnow.web.deps import LoaderDep, SettingsDep
from winnow.web.loader import Loader
from winnow.web.schemas_pools import CorrectionsOut, PoolIn, PoolOut, PoolsOut

router = APIRouter(prefix="/api", tags=["pools"])


@router.get("/pools")
def read_pools(settings: SettingsDep, loader: LoaderDep) -> PoolsOut:
    """The refs of the settings, those that Predict and Train wrote beside them, and the corrected boxes."""
    return _pools_out(settings, loader)


@router.post("/pools/open")
def open_pool(body: PoolIn, settings: SettingsDep, loader: LoaderDep) -> PoolsOut:
    """Show another pool; answers while it opens: /healthz says when it is ready."""
    pools = {refs.name: refs for refs in _refs_files(settings)}
    if body.name not in pools:
        raise UnknownPool(f"There is no pool {body.name!r}; there are {', '.join(pools)}.")
    refs = pools[body.name]
    if loader.settings.refs.absolute() != refs:
        loader.open_pool(refs, _features_of(refs, settings))
    return _pools_out(settings, loader)


def _refs_files(settings: Settings) -> list[Path]:
    """The settings' own first, then the newest."""
    own = settings.refs.absolute()
    base = settings.base_folder
    found = {*proposals_files(base), *mistakes_files(base), *filter(Path.is_file, [corrections_path(base)])}
    return [own, *sorted(found - {own}, key=lambda path: path.stat().st_mtime, reverse=True)]


def _features_of(refs: Path, settings: Settings) -> Path:
    return settings.features_path.absolute() if refs == settings.refs.absolute() else refs.with_suffix(".npy")


def _pools_out(settings: Settings, loader: Loader) -> PoolsOut:
    shown = loader.settings.refs.absolute()
    return PoolsOut(
        pools=[
            PoolOut(name=refs.name, is_open=refs == shown, has_features=_features_of(refs, settings).is_file())
            for refs in _refs_files(settings)
        ],
        is_ready=loader.session is not None,
        corrections=CorrectionsOut(**asdict(corrected.state)) if (corrected := loader.corrected) else None,
    )
