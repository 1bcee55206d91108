"""Who looks at which image just now; kept in memory only, and forgotten after a few seconds without a word."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

LASTS_S = 20.0
Page = Literal["results", "correct"]


@dataclass(frozen=True)
class Present:
    """Somebody on an image; `tab` tells two windows of one name apart, empty where the page does not say."""

    annotator: str
    page: Page
    tab: str
    at: float


class Presence:
    """Who is where; a person is on one image at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._on: dict[tuple[str, str], tuple[str, Present]] = {}  # annotator and tab -> image and the rest

    def say(self, path: str, annotator: str, page: Page, tab: str = "") -> list[tuple[Present, float]]:
        """Note that somebody looks at an image; answers the others on it, each with the seconds since their word."""
        now = self._clock()
        with self._lock:
            self._on = {who: entry for who, entry in self._on.items() if now - entry[1].at < LASTS_S}
            self._on[annotator, tab] = (path, Present(annotator, page, tab, now))
            there = [present for where, present in self._on.values() if where == path]
        others = [present for present in there if not _is_same(present, annotator, tab)]
        return [(present, now - present.at) for present in others]


def _is_same(present: Present, annotator: str, tab: str) -> bool:
    """One name is one person, unless both windows say that they are others."""
    is_another_tab = bool(tab and present.tab and tab != present.tab)
    return present.annotator == annotator and not is_another_tab
