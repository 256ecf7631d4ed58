"""Dates, filters, and which library is used."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from commonplace import Filter, Library
from commonplace.cli.arguments.options import Moment

Run = Callable[..., Result]


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")  # needs no file of the system
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("text", "end", "moment"),
    [
        ("2026-01-01", False, datetime(2025, 12, 31, 23, tzinfo=UTC)),
        ("2026-01-01", True, datetime(2026, 1, 1, 22, 59, 59, 999999, UTC)),
        ("2026-07-01", False, datetime(2026, 6, 30, 22, tzinfo=UTC)),
        ("2026-01-01T18:30", True, datetime(2026, 1, 1, 17, 30, tzinfo=UTC)),
        ("2026-01-01T18:30Z", False, datetime(2026, 1, 1, 18, 30, tzinfo=UTC)),
        (" 2026-01-01T18:30:00+05:00 ", True, datetime(2026, 1, 1, 13, 30, tzinfo=UTC)),
    ],
)
def test_a_day_is_local_and_has_a_beginning_and_an_end(
    text: str, end: bool, moment: datetime
) -> None:
    assert Moment(end).convert(text, None, None) == moment


@pytest.mark.parametrize("text", ["tomorrow", "", "2026-13-01", "01.02.2026", "2026-01-01T25:00"])
def test_a_bad_date_is_one_sentence(run: Run, text: str) -> None:
    with pytest.raises(click.BadParameter):
        Moment(end=True).convert(text, None, None)
    result = run("search", "x", "--as-of", text)
    assert result.exit_code == 2
    assert "is no date; write it as 2026-01-31" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_date_at_the_edge_of_time_is_no_crash() -> None:
    for text in ("0001-01-01", "9999-12-31"):
        for end in (True, False):
            try:
                moment = Moment(end).convert(text, None, None)
            except click.BadParameter:
                continue
            assert moment.tzinfo is UTC


def test_all_filters_reach_the_library(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def search(self: Library, query: str, **values: Any) -> list[Any]:
        seen.update(values, query=query)
        return []

    monkeypatch.setattr(Library, "search", search)
    words = "search low rank --in a --in b --kind pdf --kind text --profile bm25 -n 3 --explain"
    moment = "2026-01-01T00:00:00+00:00"
    run(*words.split(), "--since", moment, "--until", moment, "--as-of", moment)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert seen == {
        "query": "low rank",
        "limit": 3,
        "profile": "bm25",
        "explain": True,
        "filter": Filter(("a", "b"), ("pdf", "text"), at, at, at),
    }


def test_the_library_may_be_named_before_or_after_the_verb(
    run: Run, tmp_path: Path, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONPLACE_LIBRARY", str(tmp_path / "none"))
    other = str(tmp_path / "other")
    assert run("add", str(notes), "--no-vectors", "--library", other).exit_code == 0
    assert run("--library", other, "search", "rank").exit_code == 0
    assert run("search", "rank", "--library", other).exit_code == 0
    assert run("--library", "x", "search", "rank", "--library", other).exit_code == 0
    assert run("search", "rank").exit_code == 2


def test_a_folder_that_is_no_library_is_a_sentence(run: Run, notes: Path) -> None:
    result = run("add", str(notes), "--library", str(notes))
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
