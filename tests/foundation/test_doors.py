"""A door whose names are imported late hands on what it says, and nothing is loaded before."""

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

DOORS = ["commonplace.corpus", "commonplace.library"]


@pytest.mark.parametrize("door", DOORS)
def test_a_door_hands_on_what_it_declares(door: str) -> None:
    module = import_module(door)
    assert module.__file__ is not None
    declared = {
        (f"{node.module}", alias.name)
        for node in ast.walk(ast.parse(Path(module.__file__).read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith(f"{door}.")
        for alias in node.names
    }
    assert {name for _, name in declared} == set(module.__all__)
    for source, name in declared:
        assert getattr(module, name) is getattr(import_module(source), name)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        module.nothing  # noqa: B018


def test_the_nouns_of_the_corpus_load_no_store() -> None:
    code = (
        "import sys\nfrom commonplace.corpus import KINDS, Document, Passage\n"
        "print(sorted({'lance', 'numpy', 'pyarrow', 'lxml', 'pypdfium2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert done.stdout == "[]\n"
