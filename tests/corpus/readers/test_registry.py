"""Which file goes to which reader, and what every reader promises."""

import json
import re
from datetime import UTC, datetime
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.corpus import KINDS, Document, Limits, TextLocator
from commonplace.corpus.readers import KIND_BY_SUFFIX, read_document
from commonplace.foundation import UnreadableError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OURS = [".md", ".txt", ".rst", ".py", ".js", ".org", ".tex", ".csv"]
MARKS = st.sampled_from(
    [
        "# Head\n", "Title\n=====\n", "text. ", "Word\n", "\n", "\n\n", "\r\n", "\r", "- item\n",
        "  ", "    code\n", "```\n", "| a | b |\n|---|---|\n", "> q\n", "$$\nx\n$$\n", "---\n",
        ".. note::\n", "def f():\n    pass\n", "<div>\n", ":label:`x`\n", "[a]: https://x.org\n",
        "\\begin{x}\n", "\u2028", "1. one\n", "* Org\n", "\x0c", "caf\u00e9 ", "\U0001f600",
        "\x85", "class A:\n", "## \n", "- - x\n", "kiln: x\n", "tags:\n", "+++\n", "a = 1\n",
    ]
)  # fmt: skip
BODIES = st.lists(MARKS, max_size=30).map("".join)
HEADED = st.tuples(st.sampled_from(["---\n", "+++\r\n"]), BODIES, BODIES).map(
    lambda parts: f"{parts[0]}kiln: x\n{parts[1]}\n{parts[0]}{parts[2]}"
)
TEXTS = st.one_of(st.text(), BODIES, HEADED)


def read(name: str, data: bytes | str, limits: Limits | None = None) -> Document:
    data = data if isinstance(data, bytes) else data.encode("utf-8", errors="replace")
    return read_document(Path(name), data, limits or Limits(), NOW)


def check(document: Document, limit: int) -> None:
    for draft in document.drafts:
        assert isinstance(draft.locator, TextLocator)
        source = document.sources[draft.locator.part]
        assert source[draft.locator.start : draft.locator.end] == draft.text
        assert draft.text.strip()
        assert len(draft.text) <= limit
    for one, two in pairwise([draft.locator for draft in document.drafts]):
        assert isinstance(one, TextLocator)
        assert isinstance(two, TextLocator)
        assert one.part != two.part or one.end <= two.start


@pytest.mark.parametrize("suffix", OURS)
@given(text=TEXTS)
def test_every_passage_is_the_slice_that_its_locator_names(suffix: str, text: str) -> None:
    try:
        document = read(f"name{suffix}", text, Limits(passage_characters=200))
    except UnreadableError:
        return
    check(document, 200)


@given(st.lists(st.tuples(st.sampled_from(["markdown", "code", "raw"]), TEXTS)))
def test_notebooks_too(cells: list[tuple[str, str]]) -> None:
    data = json.dumps({"cells": [{"cell_type": kind, "source": text} for kind, text in cells]})
    try:
        check(read("n.ipynb", data, Limits(passage_characters=200)), 200)
    except UnreadableError:
        assert not any(text.strip() for _, text in cells)


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("README", b"Just text.", "text"),
        ("Makefile", b"all:\n\tcc", "code"),
        ("run", b"#!/bin/sh\necho", "code"),
        (".bashrc", b"alias l=ls", "text"),
        ("notes.2024", b"Text.", "text"),
        ("A.MD", b"# A\n\nText.", "markdown"),
        ("a.qmd", b"# A\n\nText.", "markdown"),
        ("data.json", b'{"a": 1}', "text"),
    ],
)
def test_the_kind_of_a_file(name: str, data: bytes, kind: str) -> None:
    assert read(name, data).kind == kind


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n", "no reader for .png files yet"),
        ("a.zip", b"PK\x03\x04", "no reader for .zip files yet"),
        ("a.md", b"", "empty file"),
        ("a.txt", b"\x00\x01", "looks binary"),
        ("LICENSE", b"\x7fELF\x00", "looks binary"),
        ("a.ipynb", b'{"cells": [', "not a readable notebook"),
        ("a.ipynb", b"[" * 100_000, "not a readable notebook"),
        ("a.ipynb", b"[]", "not a readable notebook"),
    ],
)
def test_what_cannot_be_read_says_why(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        read(name, data)


def test_a_file_over_the_limit_is_refused_and_a_long_text_is_cut() -> None:
    with pytest.raises(UnreadableError, match="too large"):
        read("a.txt", b"x" * 11, Limits(file_bytes=10))
    document = read("a.md", "word " * 100, Limits(text_characters=50))
    assert len(document.sources[""]) == 50
    assert document.notices == ("read the first 50 of 500 characters",)


@pytest.mark.parametrize(
    ("name", "text", "date"),
    [
        ("2024-03-05 daily.md", "Text.", datetime(2024, 3, 5, tzinfo=UTC)),
        ("2024-03-05.md", "---\ndate: 2023-01-02\n---\nText.", datetime(2023, 1, 2, tzinfo=UTC)),
        ("a.md", "Text.", None),
        ("a.md", "---\ndate: 2031-01-01\n---\nText.", None),  # later than the file itself
        ("a.rst", ":Date: 5 May 2020\n\nText.", datetime(2020, 5, 5, tzinfo=UTC)),
        ("a.org", "#+DATE: <2023-05-06 Sat>\nText.", datetime(2023, 5, 6, tzinfo=UTC)),
        ("2024-03-05.py", "x = 1", None),
    ],
)
def test_when_it_was_written(name: str, text: str, date: datetime | None) -> None:
    assert read(name, text).written_at == date


def test_the_kinds_are_the_same_everywhere() -> None:
    assert set(KIND_BY_SUFFIX.values()) == set(KINDS)
    page = files("commonplace.service").joinpath("page/ask/filters.js").read_text("utf-8")
    (line,) = re.findall(r"^const KINDS = (\[.*\]);$", page, re.MULTILINE)
    assert tuple(json.loads(line)) == KINDS


def test_each_suffix_has_one_kind() -> None:
    assert KIND_BY_SUFFIX[".md"] == "markdown"
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in KIND_BY_SUFFIX)
