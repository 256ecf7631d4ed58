"""What a query may say: phrases, words to leave out, tags, folders; and when nothing fits."""

from collections.abc import Callable
from pathlib import Path

import pytest

from commonplace import Filter, InputError, Library
from commonplace.retrieval import parse_query

Write = Callable[[str, str], Path]


def found(library: Library, query: str, **more: object) -> set[str]:
    hits = library.search(query, profile="bm25", **more)  # type: ignore[arg-type]
    return {Path(hit.passage.path).name for hit in hits}


@pytest.fixture
def cars(library: Library, write: Write) -> Library:
    write("a.md", "The antique\ncar was sold in the spring.")
    write("b.md", "This car museum shows an antique clock; car, car, antique antique.")
    write("c.md", "Antique Car from 1970 with a state-of-the-art engine.")
    library.add(write("d.md", "Sold at -5 degrees: one car, an antique vase, two clocks.").parent)
    return library


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ('"antique car"', {"a.md", "c.md"}),
        ("“antique car” sold", {"a.md", "c.md"}),
        ("«antique car» „in the spring“", {"a.md"}),
        ("antique -clock", {"a.md", "c.md"}),
        ('antique -"antique car"', {"b.md", "d.md"}),
        ("state-of-the-art engine", {"c.md"}),
        ("-5 degrees", {"d.md"}),
        ('antique "', {"a.md", "b.md", "c.md", "d.md"}),
        ('"no such words"', set()),
    ],
)
def test_phrases_and_words_to_leave_out(cars: Library, query: str, names: set[str]) -> None:
    assert found(cars, query) == names


def test_a_phrase_holds_for_meaning_too(cars: Library) -> None:
    hits = cars.search('"antique car"', limit=3)
    assert {Path(hit.passage.path).name for hit in hits} == {"a.md", "c.md"}


def test_a_phrase_is_found_behind_many_better_passages(library: Library, write: Write) -> None:
    for number in range(300):
        write(f"{number}.md", "car antique car antique car antique")
    folder = write("last.md", "We own, among very many other old things, one antique car.").parent
    library.add(folder, vectors=False)
    assert found(library, '"one antique car"') == {"last.md"}


def test_only_leaving_out_is_no_query(cars: Library) -> None:
    with pytest.raises(InputError, match="only leaves words out"):
        cars.search("-clock")


@pytest.mark.parametrize("query", ["", '"', '""', "-", '-"', "a -b-c", "«", '"a" "b'])
def test_any_query_can_be_taken_apart(query: str) -> None:
    assert parse_query(query).text is not None


TAGGED = {
    "a.md": "---\ntags: [ceramics, studio/pottery]\n---\nHeat the kiln slowly.",
    "b.md": "The kiln is cold. #ceramics #to-do\n\n```\n#notatag\n```\n",
    "c.md": "---\ntags: kiln, Studio\n---\nNothing else.",
    "d.org": "#+FILETAGS: :studio:\n* TODO Buy clay :ceramics:shop:\nThe kiln needs it.\n",
    "e.md": "The kiln of issue #12 and page.html#ceramics.",
}


@pytest.mark.parametrize(
    ("tags", "names"),
    [
        (("ceramics",), {"a.md", "b.md", "d.org"}),
        (("#Ceramics", "studio"), {"a.md", "d.org"}),
        (("studio/pottery",), {"a.md"}),
        (("studio",), {"a.md", "c.md", "d.org"}),
        (("to-do",), {"b.md"}),
        (("notatag",), set()),
        (("12",), set()),
    ],
)
def test_tags(library: Library, write: Write, tags: tuple[str, ...], names: set[str]) -> None:
    for name, text in TAGGED.items():
        folder = write(name, text).parent
    library.add(folder, vectors=False)
    assert found(library, "kiln", filter=Filter(tags=tags)) == names


def test_names_of_folders_and_files_are_searched(library: Library, write: Write) -> None:
    write("Boathouse/2024/Winter log.md", "# Notes\n\nThe hull was dry.\n")
    library.add(write("Kitchen/tap.md", "Sharpen them in spring.").parents[1], vectors=False)
    assert found(library, "boathouse") == found(library, "winter") == {"Winter log.md"}
    assert found(library, "kitchen") == {"tap.md"}


def test_it_says_where_nothing_fits(library: Library, write: Write) -> None:
    write("bees.md", "The bees were fed with syrup in October.")
    library.add(write("saw.md", "The saw needs a new blade.").parent)
    assert [hit.fits for hit in library.search("zeppelin insurance")] == [False, False]
    assert library.search("bees")[0].fits
    assert library.search("feeding insects")[0].fits
