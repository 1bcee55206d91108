"""Chromium, servers and pages for the browser tests; a message on the console fails the test that caused it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_helpers import CHROMIUM_ARGUMENTS, ROOT, Person, Server, draw_pool, find_chromium
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

Open = Callable[..., Person]
expect.set_options(timeout=60_000)  # a busy machine may take its time; only failures wait this long


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def modules_page(chromium: Browser) -> Iterator[Page]:
    """An empty page with the style sheets, which can import the scripts' modules; all of it comes from the disk."""
    site, static = "http://modules.test", ROOT / "static"
    sheets = "".join(f'<link rel="stylesheet" href="/static/css/{name}.css">' for name in ("winnow", "insight"))

    def serve(route: Route) -> None:
        place = route.request.url.removeprefix(site)
        if place.startswith("/static/"):
            route.fulfill(path=static / place.removeprefix("/static/"))
        else:
            route.fulfill(body=f"<!doctype html>{sheets}<title>modules</title>", content_type="text/html")

    page = chromium.new_page()
    page.route(f"{site}/**", serve)
    page.goto(site)
    yield page
    page.close()


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers, by default on a pool of 40 tiles; ends them after the test."""
    servers: list[Server] = []

    def start(refs: Path | None = None, *, is_ready: bool = True, **settings: str) -> Server:
        servers.append(Server(refs or draw_pool(tmp_path), **settings))
        return servers[-1].start(is_ready=is_ready)

    yield start
    for server in servers:
        server.kill()


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    return start_server()


@pytest.fixture
def open_person(chromium: Browser) -> Iterator[Open]:
    """Opens pages. Errors and refused content fail the test, but for those that match `expected`."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_(server: Server, *, expected: str | None = None, **context_options: Any) -> Person:
        options = {"viewport": {"width": 1366, "height": 768}, **context_options}
        contexts.append(chromium.new_context(**options))
        page = contexts[-1].new_page()

        def note(message: Any) -> None:
            is_expected = expected is not None and re.search(expected, message.text)
            if message.type in ("error", "warning") and not is_expected:
                complaints.append(message.text)

        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return Person(page, server)

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def ana(server: Server, open_person: Open) -> Person:
    """A person with the label page open."""
    return open_person(server).open_label_page()
