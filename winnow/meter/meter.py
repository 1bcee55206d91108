"""How much of the pool's positives is found, with a bound that holds.

Verdicts are noted as they come and worked out when somebody asks, by a thread of lower priority than the server: no
key waits for it.
"""

import logging
import threading

from winnow.errors import SettingsError
from winnow.learning.background import give_way
from winnow.meter.population import Population
from winnow.meter.work import Reading, Work
from winnow.session import Session
from winnow.verdicts.log import Verdict

log = logging.getLogger(__name__)
TARGETS = (0.5, 0.999)
STATE_NAME = "target_recall"


class Meter:
    """Follows a session from now on, until `close`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._changed = threading.Condition()
        self._touched: set[str] = set()  # items whose verdicts are to be read again
        self._asked, self._answered = 1, 0  # how often it was woken, and up to which of these it has looked
        self._is_closed = False
        self._reading: Reading | None = None
        session.tell_events(self._notice)
        self._population = Population(session)  # before the first verdict comes: from there on looks count
        self._thread = threading.Thread(target=self._run, name="recall meter", daemon=True)
        self._thread.start()

    @property
    def target(self) -> float:
        """The share of the positives that is to be found, as it was last set."""
        kept = self._session.remembered(STATE_NAME)
        return self._session.settings.target_recall if kept is None else float(kept)

    def set_target(self, target: float) -> None:
        """Work towards another share, now and after a restart; raises SettingsError outside TARGETS."""
        if not TARGETS[0] <= target <= TARGETS[1]:
            raise SettingsError(f"The target is {target}; it takes {TARGETS[0]} to {TARGETS[1]}.")
        self._session.remember(STATE_NAME, repr(target))

    def reading(self, *, timeout_s: float) -> Reading | None:
        """How things stand now; after the timeout, how they last stood. None while the verdicts are first read."""
        with self._changed:
            self._asked += 1
            asked = self._asked
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._answered >= asked or self._is_closed, timeout_s)
            return self._reading

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def _notice(self, verdicts: list[Verdict]) -> None:
        """Noted now, worked out when somebody asks: no verdict waits for it."""
        with self._changed:
            self._touched.update(verdict.item_id for verdict in verdicts if verdict.kind == "verdict")

    def _take_touched(self) -> set[str]:
        with self._changed:
            touched, self._touched = self._touched, set()
        return touched

    def _run(self) -> None:
        give_way()
        work: Work | None = None
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._answered < self._asked or self._is_closed)
                if self._is_closed:
                    return
                asked = self._asked
            try:
                if work is None:
                    work = Work(self._session, self._population)
                work.follow(self._take_touched)
                reading = work.reading(self.target)
            except Exception:
                # Verdicts are safe in the log; what was missed is read from there when the meter is next asked.
                log.exception("The recall meter failed on the newest verdicts.")
                work, reading = None, None
            with self._changed:
                self._answered, self._reading = asked, reading or self._reading
                self._changed.notify_all()
