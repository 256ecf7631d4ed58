"""The layout of the code: what the contracts of import-linter (pyproject.toml) cannot see.

An underscore means: this folder and what is below it, nobody else. `make check` runs this file.
"""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from docs.architecture_tree import PAGE, page

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "commonplace"
TREES = [SOURCE]
MOST_FILES = 20  # of one folder; what is more is two folders
# Rooms whose `__init__.py` hands names on; in all others it is one sentence.
DOORS = {"recipes/text", "capacity/importers", "corpus/readers"}


def python_files(tree: Path) -> list[Path]:
    return sorted(tree.rglob("*.py"))


def module_name(file: Path) -> tuple[str, ...]:
    """The dotted name of a file, in parts: ("commonplace", "corpus", "_types")."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    parts = parts[1:] if parts[0] == "src" else parts
    return parts[:-1] if parts[-1] == "__init__" else parts


def imported(file: Path) -> Iterator[tuple[str, ...]]:
    """All that a file imports, deferred and type-checking imports too, with the names taken."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{file} imports relatively"
            for alias in node.names:
                yield (*(node.module or "").split("."), alias.name)


def is_private(target: tuple[str, ...], importer: tuple[str, ...]) -> bool:
    """Whether some part begins with an underscore and the importer stands outside its folder."""
    return any(
        part.startswith("_") and not part.startswith("__") and target[:depth] != importer[:depth]
        for depth, part in enumerate(target)
    )


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_nobody_reaches_past_a_door(tree: Path) -> None:
    wrong = [
        f"{file.relative_to(ROOT)} imports {'.'.join(target)}"
        for file in python_files(tree)
        for target in imported(file)
        if target[0] in {"commonplace", "benchmarks"} and is_private(target, module_name(file))
    ]
    assert wrong == []


def test_the_rule_of_the_underscore() -> None:
    assert is_private(("commonplace", "corpus", "_types"), ("commonplace", "cli", "_add"))
    assert is_private(("commonplace", "corpus", "text", "words", "_x"), ("tests", "test_words"))
    assert not is_private(("commonplace", "corpus", "_types"), ("commonplace", "corpus", "a", "b"))
    assert not is_private(("commonplace", "corpus", "text", "words"), ("tests", "test_words"))


def test_benchmarks_import_each_other_without_a_circle() -> None:
    modules = {".".join(module_name(file)): file for file in python_files(ROOT / "benchmarks")}
    graph = {
        name: {
            module
            for target in imported(file)
            for module in (".".join(target), ".".join(target[:-1]))
            if module in modules and module != name
        }
        for name, file in modules.items()
    }
    assert set(TopologicalSorter(graph).static_order()) == set(modules)  # raises on a circle


@pytest.mark.parametrize("tree", ["src/commonplace", "benchmarks", "tests"])
def test_a_folder_is_small_and_its_files_do_not_repeat_its_name(tree: str) -> None:
    folders: dict[Path, list[Path]] = {}
    for file in python_files(ROOT / tree):
        folders.setdefault(file.parent, []).append(file)
    assert {
        folder: len(files) for folder, files in folders.items() if len(files) > MOST_FILES
    } == {}
    repeated = [
        file
        for folder, files in folders.items()
        for file in files
        if file.stem.lstrip("_").startswith(f"{folder.name}_")
    ]
    assert repeated == []


def test_a_room_never_has_the_name_of_what_its_door_hands_on() -> None:
    """A folder `capacity/check/` would hide the function `commonplace.capacity.check`."""
    for package in SOURCE.iterdir():
        if (package / "__init__.py").is_file():
            rooms = {path.name for path in package.iterdir() if (path / "__init__.py").is_file()}
            door = import_module(f"commonplace.{package.name}")
            names = {
                name for name, value in vars(door).items() if not isinstance(value, ModuleType)
            }
            assert rooms.isdisjoint(names | set(getattr(door, "__all__", []))), package


def test_the_init_of_a_room_is_one_sentence() -> None:
    for init in SOURCE.glob("*/**/__init__.py"):
        room = init.parent.relative_to(SOURCE).as_posix()
        body = ast.parse(init.read_text("utf-8")).body
        if "/" in room and room not in DOORS:
            assert len(body) == 1, room
        assert isinstance(body[0], ast.Expr), f"{room} does not say what lives here"


def test_the_page_shows_the_tree_as_it_is() -> None:
    assert PAGE.read_text("utf-8") == page(), "run python -m docs.architecture_tree --write"
