"""Fixtures for all: the real data beside the project, and the app on a small pool with everything real."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_pool import Client, draw_pool
from threadpoolctl import threadpool_limits

from winnow.settings import Settings
from winnow.web.app import create_app

SHARED = Path(os.environ.get("WINNOW_SHARED", Path(__file__).parents[2] / "shared"))

# A background process for every little pool would cost the tests minutes; those of the atlas turn it on themselves.
os.environ["WINNOW_ATLAS"] = "false"


@pytest.fixture(scope="session", autouse=True)
def _one_blas_thread() -> None:
    """As the server has it; small products on many threads wait for one another when the cores are busy."""
    threadpool_limits(1, "blas")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data; tests that need it are skipped where it is missing."""
    if not SHARED.is_dir():
        pytest.skip(f"real data is not at {SHARED} (set WINNOW_SHARED)")
    return SHARED


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(refs=draw_pool(tmp_path), annotator="ana")


@pytest.fixture
def open_client() -> Iterator[Any]:
    """Opens clients on settings, waits until they are ready, closes them at the end."""
    opened: list[Client] = []

    def open_(settings: Settings, *, is_ready: bool = True) -> Client:
        client = Client(create_app(settings), base_url="http://localhost")
        client.__enter__()
        opened.append(client)
        if is_ready:
            client.wait_until(lambda client: client.get("/healthz").json()["ready"])
        return client

    yield open_
    for client in reversed(opened):
        client.__exit__(None, None, None)


@pytest.fixture
def client(settings: Settings, open_client: Any) -> Client:
    return open_client(settings)
