"""What routes ask for: the session, the settings, who is judging."""

from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Header, Request

from winnow.errors import NotReady, SettingsError
from winnow.jobs.jobs import Jobs
from winnow.session import Session
from winnow.settings import Settings
from winnow.training.workspace import Workspace
from winnow.web.image_states import ImageStates
from winnow.web.loader import Loader
from winnow.web.triage_work import TriageWork
from winnow.web.view_cache import ViewCache


def get_settings(request: Request) -> Settings:
    return request.app.state.settings


def get_session(request: Request) -> Session:
    """The open session; raises NotReady, saying why, while it loads or where the page that asks shows another pool.

    A page names its pool, percent-encoded, in the header X-Winnow-Pool; a call without it is for whichever is open. The
    header is not in the schema: it would have every client that is made from the schema send one.
    """
    loader = request.app.state.loader
    session: Session | None = loader.session
    if session is None:
        raise NotReady(str(loader.problem or f"{loader.progress}; try again in a moment."))
    asked = unquote(request.headers.get("x-winnow-pool", ""))
    if asked and asked != session.pool.name:
        refs = asked.rsplit("/", 1)[-1]
        raise NotReady(
            f"The server now shows {session.pool.refs_path.name}, this page {refs}. Open {refs} again on the Predict "
            f"page, or reload this page to go on with {session.pool.refs_path.name}"
        )
    return session


def get_views(request: Request) -> ViewCache:
    return request.app.state.views


def get_triage(request: Request) -> TriageWork:
    return request.app.state.triage


def get_workspace(request: Request) -> Workspace:
    return request.app.state.workspace


def get_jobs(request: Request) -> Jobs:
    return request.app.state.jobs


def get_loader(request: Request) -> Loader:
    return request.app.state.loader


SettingsDep = Annotated[Settings, Depends(get_settings)]
SessionDep = Annotated[Session, Depends(get_session)]
WorkspaceDep = Annotated[Workspace, Depends(get_workspace)]
JobsDep = Annotated[Jobs, Depends(get_jobs)]
LoaderDep = Annotated[Loader, Depends(get_loader)]
ViewsDep = Annotated[ViewCache, Depends(get_views)]
TriageDep = Annotated[TriageWork, Depends(get_triage)]


def get_image_states(request: Request, session: SessionDep) -> ImageStates:
    return request.app.state.image_states.session(session)


ImageStatesDep = Annotated[ImageStates, Depends(get_image_states)]


def get_annotator(
    settings: SettingsDep,
    x_winnow_annotator: Annotated[str | None, Header(description="Who judges, percent-encoded", max_length=300)] = None,
) -> str:
    name = unquote(x_winnow_annotator).strip() if x_winnow_annotator else settings.annotator
    if not name.isprintable() or not 1 <= len(name) <= 64:
        raise SettingsError(f"X-Winnow-Annotator is {name!r}; it takes 1 to 64 printable characters.")
    return name


AnnotatorDep = Annotated[str, Depends(get_annotator)]
