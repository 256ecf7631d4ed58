"""Draws the tree of docs/architecture.md from the folders and the first sentences of their modules.

A package or room is described by the docstring of its `__init__.py`, so the page cannot say
something else than the code. A test holds the page to it.

    python -m docs.architecture_tree --write
"""

import argparse
import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- tree: python -m docs.architecture_tree --write -->\n", "<!-- end of tree -->\n"


def sentence(file: Path) -> str:
    """The first paragraph of a module's docstring on one line, without its full stop."""
    docstring = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    return " ".join(docstring.partition("\n\n")[0].split()).rstrip(".")


def packages(folder: Path, depth: int = 0) -> Iterator[str]:
    """A line for each package below a folder, in alphabetical order, rooms indented."""
    for child in sorted(path for path in folder.iterdir() if (path / "__init__.py").is_file()):
        name = f"{'  ' * depth}{child.name}/"
        yield f"{name:<16} {sentence(child / '__init__.py')}"
        yield from packages(child, depth + 1)


def tree() -> str:
    """The part of the page between its two marks."""
    lines = "\n".join(packages(ROOT / "src" / "commonplace"))
    return f"{BEGIN}```\n{lines}\n```\n{END}"


def page() -> str:
    """The whole page with the tree drawn anew."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    return before + tree() + rest.partition(END)[2]


def main() -> None:
    """Print the tree, or write it into the page."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="write it into docs/architecture.md")
    if parser.parse_args().write:
        PAGE.write_text(page(), "utf-8")
    else:
        print(tree(), end="")


if __name__ == "__main__":
    main()
