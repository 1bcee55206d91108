import re
from pathlib import Path

from compute_features import build_parser

TEXT = (Path(__file__).parents[2] / "docs/features.md").read_text(encoding="utf-8")


def test_every_option_has_its_line_in_the_docs():
    options = {action.option_strings[-1] for action in build_parser()._actions} - {"--help"}
    assert set(re.findall(r"^\| `(--[\w-]+)` \|", TEXT, re.MULTILINE)) == options


def test_command_in_the_docs_is_understood():
    command = re.search(r"^    python compute_features\.py (.*)$", TEXT, re.MULTILINE).group(1)
    assert build_parser().parse_args(command.split()).model == "facebook/dinov2-small"
