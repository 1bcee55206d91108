"""Opens the session in the background, so that the server answers at once, and again when a missing file appears."""

import logging
import threading
from pathlib import Path

import numpy as np

from winnow.atlas.atlas import Atlas
from winnow.corrections.encoder_process import EncoderProcess
from winnow.corrections.features import CorrectedFeatures, is_correction
from winnow.errors import DatabaseError, SettingsError, WinnowError
from winnow.filters import JUDGED_BEFORE
from winnow.meter.meter import Meter
from winnow.session import Session
from winnow.settings import Settings
from winnow.start import Beginning
from winnow.verdicts.log import Verdict

log = logging.getLogger(__name__)
RETRY_S = 1.0


class Loader:
    """Holds the session once it is open; until then, what is going on or what is wrong."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stop = threading.Event()
        self._switch = threading.Lock()
        self.session: Session | None = None
        self.corrected: CorrectedFeatures | None = None
        self.meter: Meter | None = None
        self.beginning: Beginning | None = None
        self.problem: WinnowError | None = None
        self.progress = "Starting"

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="loader", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._close(self.session)

    def open_pool(self, refs: Path, features: Path) -> None:
        """Close the pool that is shown and open another one, on the same database, in the background."""
        with self._switch:
            self._stop.set()
            self._thread.join()
            session, self.session = self.session, None
            self.problem, self.progress = None, f"Opening {refs.name}"
            self._close(session)
            self._settings = self._settings.model_copy(update={"refs": refs, "features": features})
            self._stop.clear()
            self.start()

    @property
    def settings(self) -> Settings:
        """The settings with the refs and features of the pool that is shown."""
        return self._settings

    def _run(self) -> None:
        while not self._stop.is_set():
            files = self._file_states()
            try:
                self.session = self._opened()
                return
            except WinnowError as error:
                self._tell(error)
            except Exception as error:
                log.exception("The pool could not be opened.")
                self._tell(WinnowError(f"The pool could not be opened: {type(error).__name__}: {error}"))
            self._wait_for_a_change(files)
            if self._file_states() != files:
                self.problem = None  # what was said is of the files before

    def _opened(self) -> Session:
        """A session and all that follows it; nothing stays open where one of them fails: the database is locked."""
        session = Session(self._settings, report=self._report)
        try:
            restore_filter(session)
            self.corrected = follow_corrections(session)
            make_atlas(session)
            self.meter = Meter(session)
            self.beginning = begin(session)
        except BaseException:
            self._close(session)
            raise
        return session

    def _close(self, session: Session | None) -> None:
        corrected, self.corrected = self.corrected, None
        meter, self.meter = self.meter, None
        beginning, self.beginning = self.beginning, None
        if beginning is not None:
            beginning.close()
        if meter is not None:
            meter.close()
        if corrected is not None:
            corrected.close()
        if session is not None:
            session.close()

    def _wait_for_a_change(self, files: list[tuple[int, int] | None]) -> None:
        """Until one of the files is new; for a moment where it is not up to them (another server has the database)."""
        while not self._stop.wait(RETRY_S):
            if isinstance(self.problem, DatabaseError | SettingsError) or self._file_states() != files:
                return

    def _file_states(self) -> list[tuple[int, int] | None]:
        features = self._settings.features_path
        paths = (self._settings.refs, features, features.parent / f"{features.stem}.json")
        return [_file_state(path) for path in paths]

    def _report(self, text: str) -> None:
        self.progress = text
        log.info(text)

    def _tell(self, error: WinnowError) -> None:
        if self.problem is None or str(error) != str(self.problem):
            log.error("%s", error)
        self.problem = error


def follow_corrections(session: Session) -> CorrectedFeatures:
    """Begin to keep the features of boxes drawn by hand up to date, and let the session's learner have them."""

    def read() -> list[Verdict]:
        with session.reading() as ledger:
            return [verdict for verdict in ledger.currents() if is_correction(verdict)]

    corrected = CorrectedFeatures(session.pool.folder, session.features, read=read, learn=session.learn_from)
    session.tell_events(corrected.notice)
    corrected.start()
    return corrected


def begin(session: Session) -> Beginning:
    """Put the start in force that this pool was last given."""
    refs = session.settings.refs
    return Beginning(session, refs.parent / f"{refs.name}.winnow" / "examples", EncoderProcess)


def make_atlas(session: Session) -> None:
    """Begin to make what is missing of the pool's atlas, unless the settings say not to."""
    settings, pool = session.settings, session.pool
    if not settings.atlas:
        return
    folder = settings.refs.parent / f"{settings.refs.name}.winnow" / "atlas"
    atlas = Atlas(folder, session.features.path, session.space, ~pool.is_duplicate)
    # Of overlapping proposals each one has to be judged: what is set aside would leave its image unreviewed.
    has_scores = not bool(np.isnan(pool.scores).all())
    session.guidance.follow_atlas(atlas, near_likeness=0.0 if has_scores else settings.near_duplicate)


def restore_filter(session: Session) -> None:
    """Put the filter in force that this pool was last given."""
    saved = session.saved_filter
    if saved != session.filter:
        from winnow.proposals.triage import triage_of

        is_triage_asked = bool(set(saved.set_aside) - {JUDGED_BEFORE})
        session.set_filter(saved, triage_of(session.pool).members if is_triage_asked else {})


def _file_state(path: Path) -> tuple[int, int] | None:
    """Size and time of change in nanoseconds; None for what cannot be looked at."""
    try:
        state = path.stat()
    except (OSError, ValueError):
        return None
    return state.st_size, state.st_mtime_ns
