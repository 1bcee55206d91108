"""`python -m winnow COMMAND`; each command is a module of winnow/commands."""

import argparse
import sys
from collections.abc import Callable, Sequence

from winnow.commands import COMMANDS
from winnow.errors import WinnowError
from winnow.jobs.reporter import Stopped


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = options.run
    try:
        run(options)
    except WinnowError as error:
        print(f"winnow {options.command}: {error}", file=sys.stderr)
        return 2
    except Stopped:
        print(f"winnow {options.command}: stopped.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m winnow", description="Keyboard-first active learning for images.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
