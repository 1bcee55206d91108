"""`python -m winnow COMMAND`: demo, serve, export, import."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from winnow.errors import WinnowError
from winnow.settings import Settings, read_settings


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = options.run
    try:
        run(options)
    except WinnowError as error:
        print(f"winnow {options.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m winnow", description="Keyboard-first active learning for images.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve the pool that the settings name")
    demo = commands.add_parser("demo", help="make a pool of surface tiles, compute its features, serve it")
    demo.add_argument("--folder", type=Path, default=Path("demo"), help="where the pool is kept (default: demo)")
    demo.add_argument("--no-serve", action="store_true", help="stop when the features are there")
    for command in (serve, demo):
        command.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"), help="default: $HOST or 127.0.0.1")
        command.add_argument("--port", type=int, default=_port(), help="default: $PORT or 8000")
    export = commands.add_parser("export", help="write labels, head or probabilities to a file")
    export.add_argument("what", choices=["annotations", "head", "probabilities"])
    export.add_argument(
        "out", type=Path, help="annotations: .csv, .jsonl or .parquet; probabilities likewise; head: .npz"
    )
    import_ = commands.add_parser(
        "import", help="record labels from an index,label file or an exported annotations.csv"
    )
    import_.add_argument("file", type=Path)
    serve.set_defaults(run=_serve)
    demo.set_defaults(run=_demo)
    export.set_defaults(run=_export)
    import_.set_defaults(run=_import)
    return parser


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


def _export(options: argparse.Namespace) -> None:
    from winnow.export import WRITERS, annotations_table, head_npz, probabilities_table
    from winnow.files import write_atomically
    from winnow.session import Session

    suffixes = ["npz"] if options.what == "head" else sorted(WRITERS)
    suffix = options.out.suffix.lstrip(".")
    if suffix not in suffixes:
        raise WinnowError(f"{options.out} ends in {suffix!r}; {options.what} are written as {', '.join(suffixes)}.")
    session = Session(read_settings())
    try:
        if options.what == "head":
            content = head_npz(session)
        else:
            table = annotations_table if options.what == "annotations" else probabilities_table
            content = WRITERS[suffix](table(session))
    finally:
        session.close()
    write_atomically(options.out, content)
    print(f"Wrote {options.out} ({len(content):,} bytes)")


def _import(options: argparse.Namespace) -> None:
    from winnow.importing import read_annotations
    from winnow.session import Session

    settings = read_settings()
    session = Session(settings)
    try:
        verdicts = read_annotations(options.file, session.pool, annotator=settings.annotator)
        recorded = session.import_labels(verdicts)
    finally:
        session.close()
    print(f"Recorded {recorded} of {len(verdicts)} labels from {options.file}; the others were there already.")


if __name__ == "__main__":
    sys.exit(main())
