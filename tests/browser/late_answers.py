"""Answers that the server gave early and the network brings late: asked at once, handed over when a test says so."""

import time
from typing import Any

from playwright.sync_api import APIResponse, Page, Route

PATIENCE_S = 60.0


class Late:
    """From now on answers to `method` on `url` are kept back, as they were when the question came; `only` so many."""

    def __init__(self, page: Page, url: str, method: str = "GET", *, only: int = 1000) -> None:
        self._page, self._url, self._method, self._room = page, url, method, only
        self.kept: list[tuple[Route, APIResponse]] = []
        page.route(url, self._take)

    def wait(self, n: int = 1) -> None:
        """Until n answers are kept back; the browser goes on meanwhile."""
        deadline = time.monotonic() + PATIENCE_S
        while len(self.kept) < n:
            assert time.monotonic() < deadline, f"{self._method} {self._url} was asked {len(self.kept)} times, not {n}"
            self._page.wait_for_timeout(20)

    def release(self) -> None:
        """Hand over what was kept, oldest first, and keep nothing more back."""
        self._room = 0
        for route, answer in self.kept:
            route.fulfill(response=answer)

    def _take(self, route: Route) -> Any:
        if route.request.method != self._method or len(self.kept) >= self._room:
            return route.continue_()
        return self.kept.append((route, route.fetch()))
