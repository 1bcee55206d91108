"""`python -m winnow serve` and `demo`: the app on the pool that the settings name, or on one made here."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from winnow.settings import Settings, read_settings


def add(commands: Any) -> None:
    serve = commands.add_parser("serve", help="serve the pool that the settings name")
    demo = commands.add_parser("demo", help="make a pool of surface tiles, compute its features, serve it")
    demo.add_argument("--folder", type=Path, default=Path("demo"), help="where the pool is kept (default: demo)")
    demo.add_argument("--no-serve", action="store_true", help="stop when the features are there")
    for command in (serve, demo):
        command.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"), help="default: $HOST or 127.0.0.1")
        command.add_argument("--port", type=int, default=_port(), help="default: $PORT or 8000")
    serve.set_defaults(run=_serve)
    demo.set_defaults(run=_demo)


def _port() -> int:
    port = os.environ.get("PORT", "8000")
    if not port.isdecimal():
        sys.exit(f"PORT is {port!r}; it takes a number such as 8000.")
    return int(port)


def _serve(options: argparse.Namespace) -> None:
    _run_server(read_settings(), options.host, options.port)


def _run_server(settings: Settings, host: str, port: int) -> None:
    import uvicorn

    from winnow.web.app import create_app

    print(f"Winnow serves {settings.refs} at http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}", flush=True)
    uvicorn.run(create_app(settings), host=host, port=port, log_level="warning")


def _demo(options: argparse.Namespace) -> None:
    from winnow.demo import prepare_demo

    settings = prepare_demo(options.folder)
    if not options.no_serve:
        _run_server(settings, options.host, options.port)
