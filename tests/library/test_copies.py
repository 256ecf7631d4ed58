"""Identical copies of a file are one hit; a hit says what happened to its file since."""

from collections.abc import Callable
from pathlib import Path

import pytest

from commonplace import Filter, Hit, Library

Write = Callable[[str, str], Path]
NOTE = "# Metals\n\nThe catalyst is palladium.\n\n# Costs\n\nPalladium costs 30 crowns a gram.\n"


def hits(library: Library, query: str = "palladium", **more: object) -> list[Hit]:
    return library.search(query, profile="bm25", **more)  # type: ignore[arg-type]


def names(hit: Hit) -> set[str]:
    """The file names of a hit and of its copies."""
    return {Path(path).name for path in (hit.passage.path, *hit.also_in)}


def test_identical_copies_are_one_hit_that_names_its_places(library: Library, write: Write) -> None:
    note = write("note.md", NOTE)
    write("copy of note.md", NOTE)
    write("old/note.md", NOTE)
    write("conflicted.md", NOTE.replace("30", "40"))
    library.add(note.parent, vectors=False)
    assert sorted(len(hit.also_in) for hit in hits(library)) == [0, 0, 2, 2]
    assert {"note.md", "copy of note.md"} in [names(hit) for hit in hits(library)]
    assert len(hits(library, limit=3)) == 3


def test_a_copy_is_found_where_the_filter_leaves_only_it(library: Library, write: Write) -> None:
    note = write("note.md", NOTE)
    copy = write("old/note.md", NOTE)
    library.add(note.parent, vectors=False)
    (first, *_) = hits(library, filter=Filter(paths=(str(copy.parent),)))
    assert (first.passage.path, first.also_in) == (str(copy), ())


def test_a_passage_that_stands_twice_in_one_file_is_two_hits(
    library: Library, write: Write
) -> None:
    text = "The catalyst is palladium."
    library.add(write("note.md", f"# A\n\n{text}\n\n# B\n\n{text}\n"), vectors=False)
    assert [hit.also_in for hit in hits(library)] == [(), ()]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.write_text("Something else."), "changed on disk since it was read"),
        (lambda path: path.unlink(), "no longer on disk"),
        (lambda path: path.touch(), ""),
    ],
)
def test_a_hit_says_what_happened_to_its_file(
    library: Library, write: Write, change: Callable[[Path], object], said: str
) -> None:
    note = write("note.md", "The catalyst is palladium.")
    library.add(note, vectors=False)
    change(note)
    (hit,) = hits(library)
    assert hit.changed.startswith(said)
    assert bool(hit.changed) == bool(said)
