"""Imports point one way: the rooms of docs/architecture.md, read from the code itself."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "winnow"
EVERYWHERE = {"settings", "errors", "files", "__init__"}
MAY_IMPORT = {
    "pool": set(),
    "verdicts": set(),
    "features": {"pool"},
    "learning": {"features", "pool"},
    "board": {"learning", "verdicts"},
    "atlas": {"features", "learning", "pool"},
    "filters": {"pool", "verdicts"},
    "round_files": {"filters"},
    "record": {"board", "filters", "learning", "pool", "verdicts"},
    "guidance": {"atlas", "board", "features", "learning", "pool", "record", "verdicts"},
    "presses": {"board", "image_review", "learning", "outcomes", "pool", "record", "showings", "verdicts"},
    "session": {"features", "filters", "guidance", "learning", "outcomes", "pool", "presses", "record", "verdicts"},
    "outcomes": {"board", "learning", "verdicts"},
    "showings": {"board", "learning", "outcomes", "pool", "record", "verdicts"},
    "meter": {"board", "learning", "record", "session", "verdicts"},
    "likeness": {"board", "learning", "pool", "session"},
    "start": {"atlas", "features", "learning", "pool", "session"},
    "self_check": {"learning", "session", "verdicts"},
    "insight": {"atlas", "board", "learning", "pool", "self_check", "session", "verdicts"},
    "auto": {"board", "learning", "outcomes", "pool", "record", "session", "verdicts"},
    "simulate": {"features", "learning", "pool"},
    "review": {"board", "self_check", "verdicts"},
    "export": {"session", "verdicts"},
    "importing": {"pool", "verdicts"},
    "demo_pool": set(),
    "demo": {"demo_pool", "demo_proposals", "features", "pool"},
    "demo_proposals": {"demo_pool", "masks", "round_files"},
    "jobs": set(),
    "masks": {"pool"},
    "proposals": {"features", "jobs", "masks", "pool"},
    "training": {"board", "features", "filters", "jobs", "masks", "pool", "proposals", "round_files", "verdicts"},
    "image_review": {"masks", "pool", "record", "verdicts"},
    "corrections": {"features", "filters", "jobs", "masks", "pool", "proposals", "round_files", "training", "verdicts"},
    "commands": {
        "corrections",
        "demo",
        "export",
        "features",
        "importing",
        "jobs",
        "masks",
        "pool",
        "proposals",
        "round_files",
        "session",
        "simulate",
        "training",
        "verdicts",
        "web",
    },
    "web": {
        "atlas",
        "auto",
        "board",
        "corrections",
        "export",
        "filters",
        "image_review",
        "importing",
        "insight",
        "jobs",
        "learning",
        "likeness",
        "masks",
        "meter",
        "outcomes",
        "pool",
        "proposals",
        "review",
        "round_files",
        "self_check",
        "session",
        "start",
        "training",
        "verdicts",
    },
    "__main__": {"commands", "jobs"},
    "settings": set(),
    "errors": set(),
    "files": set(),
}
HEAVY = {
    *("torch", "torchvision", "transformers", "ultralytics", "segment_anything", "onnx", "onnxruntime"),
    *(
        "skimage",
        "sklearn",
        "pandas",
        "pyarrow",
        "cv2",
        "supervision",
        "pycocotools",
        "matplotlib",
        "faiss",
        "openTSNE",
    ),
}
PROGRAMS = {"masks/tiny_training.py"}  # run by themselves, imported by nobody
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> set[str]:
    """Every module named by an import anywhere in the tree, in full."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_what_it_may(path: Path) -> None:
    room = room_of(path)
    rooms = {name.split(".")[1] for name in imported(ast.parse(path.read_text())) if name.startswith("winnow.")}
    known = {name for name in rooms if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()}
    assert known - EVERYWHERE - {room} <= MAY_IMPORT[room]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_heavy_packages_are_imported_where_they_are_used(path: Path) -> None:
    if path.relative_to(PACKAGE).as_posix() in PROGRAMS:
        pytest.skip("a program of its own")
    top = ast.Module([node for node in ast.parse(path.read_text()).body if not isinstance(node, ast.If)], [])
    at_import = ast.Module([n for n in top.body if isinstance(n, ast.Import | ast.ImportFrom)], [])
    assert not {name.split(".")[0] for name in imported(at_import)} & HEAVY


def test_nobody_imports_a_program() -> None:
    names = {f"winnow.{name.removesuffix('.py').replace('/', '.')}" for name in PROGRAMS}
    assert not [path for path in MODULES if names & imported(ast.parse(path.read_text()))]


def test_only_the_web_room_knows_fastapi() -> None:
    users = {room_of(path) for path in MODULES if {"fastapi", "starlette"} & set(imported(ast.parse(path.read_text())))}
    assert users == {"web"}


def test_the_app_labels_without_torch() -> None:
    code = f"import sys, app; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
