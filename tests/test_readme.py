"""The README keeps its word: keys, settings, commands and links are those of the code."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from winnow.__main__ import _parser
from winnow.settings import DEFAULT_KEYS, Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def key_actions() -> list[dict[str, str]]:
    table = re.search(r"export const ACTIONS = (\[.*?\n\]);", (ROOT / "static/js/keys.js").read_text(), re.DOTALL)
    assert table
    return json.loads(table[1])


def test_the_keys_table_is_the_pages_and_the_settings() -> None:
    rows = re.findall(r"^\| (\w+) \| (`.*`) \| (.*) \|$", section("Keys"), re.MULTILINE)
    assert {action: re.findall(r"`(.+?)`", keys) for action, keys, _ in rows} == DEFAULT_KEYS
    assert [(action, help_) for action, _, help_ in rows] == [(row["action"], row["help"]) for row in key_actions()]


@pytest.mark.parametrize(
    ("script", "doc"),
    [
        ("correct_keys.js", "correct.md"),
        ("mask_keys.js", "mask-tools.md"),
        ("results.js", "pages.md"),
        ("insight_keys.js", "insight.md"),
        ("grid_keys.js", "look-alikes.md"),
    ],
)
def test_a_pages_own_keys_are_in_its_doc(script: str, doc: str) -> None:
    rows = re.findall(r'^  \["([^"]+)", "[^"]+", ', (ROOT / "static" / "js" / script).read_text(), re.MULTILINE)
    text = (ROOT / "docs" / doc).read_text()
    signs = {sign for keys in rows for sign in keys.split() if sign not in ("…", "Arrows")}
    assert len(signs) >= 6
    assert {sign for sign in signs if f"`{sign}`" not in text} == set()


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(WINNOW_\w+)` \| (.*?) \| ", section("Settings"), re.MULTILINE))
    assert rows.keys() == {f"WINNOW_{name.upper()}" for name in Settings.model_fields}
    for name in ("refs", "strategy", "seed", "context", "auto_seconds", "keys"):
        assert rows[f"WINNOW_{name.upper()}"] == f"`{Settings.model_fields[name].default}`"
    assert json.loads(rows["WINNOW_ALLOWED_HOSTS"].strip("`")) == Settings.model_fields["allowed_hosts"].default


def test_every_command_is_in_the_readme() -> None:
    named = set(re.findall(r"^\| `python -m winnow (\w+)", section("Commands"), re.MULTILINE))
    (commands,) = [action.choices for action in _parser()._actions if isinstance(action.choices, dict)]
    assert named == set(commands)


@pytest.mark.parametrize("command", re.findall(r"^\| `python -m winnow (.*?)` \|", README, re.MULTILINE))
def test_the_readmes_commands_are_ones_that_parse(command: str) -> None:
    assert _parser().parse_args(command.split()).run


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_example_of_the_readme_runs(tmp_path: Path) -> None:
    refs = ROOT / "examples" / "instance_references_EXAMPLE.txt"
    command = ["compute_features.py", "--refs", str(refs), "--out", str(tmp_path / "f.npy"), "--model", "classic"]
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "f.npy").is_file()
