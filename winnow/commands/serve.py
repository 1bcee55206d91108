"""`python -m winnow serve` and `demo`: the app on the pool that the settings name, or on one made here."""

import argparse
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from winnow.errors import SettingsError
from winnow.settings import Settings, read_settings

LAST_PORT = 65535


def add(commands: Any) -> None:
    serve = commands.add_parser("serve", help="serve the pool that the settings name")
    demo = commands.add_parser("demo", help="make a pool of surface tiles, compute its features, serve it")
    demo.add_argument("--folder", type=Path, default=Path("demo"), help="where the pool is kept (default: demo)")
    demo.add_argument("--no-serve", action="store_true", help="stop when the features are there")
    for command in (serve, demo):
        command.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"), help="default: $HOST or 127.0.0.1")
        command.add_argument(
            "--port", type=_port, default=os.environ.get("PORT", "8000"), help="default: $PORT or 8000"
        )
    serve.set_defaults(run=_serve)
    demo.set_defaults(run=_demo)


def _port(said: str) -> int:
    if said.isdecimal() and int(said) <= LAST_PORT:
        return int(said)
    raise argparse.ArgumentTypeError(f"{said!r} is no port; --port and PORT take a number such as 8000.")


def _serve(options: argparse.Namespace) -> None:
    _run_server(read_settings(), options.host, options.port)


def _run_server(settings: Settings, host: str, port: int) -> None:
    import uvicorn

    from winnow.web.app import create_app

    with _listening(host, port) as door:
        place = f"[{host}]" if ":" in host else "127.0.0.1" if host == "0.0.0.0" else host
        print(f"Winnow serves {settings.refs} at http://{place}:{door.getsockname()[1]}", flush=True)
        server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning"))
        with suppress(KeyboardInterrupt):  # Ctrl-C is how a server is ended
            server.run(sockets=[door])


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; raises SettingsError where another program does, or nobody can."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        reason = str(error.strerror).split(" (while")[0]
        raise SettingsError(
            f"Port {port} of {host} cannot be had: {reason}. Stop what listens there, or choose another by --port."
        ) from error


def _demo(options: argparse.Namespace) -> None:
    from winnow.demo import prepare_demo

    settings = prepare_demo(options.folder)
    if not options.no_serve:
        _run_server(settings, options.host, options.port)
