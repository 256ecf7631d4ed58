"""What reaches the terminal: cleaned, measured in columns, and wrapped."""

import unicodedata

import click
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commonplace.cli.terminal.output import StyledText, bold, clean, flat, join, paint
from commonplace.cli.terminal.places import emphasised, excerpt
from commonplace.cli.terminal.widths import cells, cut, cut_left, wrap

_NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("\x1b\x9b\x07\x00\x7f\r\n\t\u202e\u2066\u200b低é \U0001f600\u0301\ud800"),
        st.sampled_from("\u200d\ufe0f\u2764"),  # joiners, and what makes a narrow sign wide
    )
)
_JOINERS = "\u200d\u200d低低低低"  # the second joiner joins nothing


@given(_NASTY)
def test_no_control_character_gets_through(text: str) -> None:
    for shown in (clean(text), flat(text), *wrap(text, 20), str(emphasised(text, {"-"}))):
        assert not any(
            unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} and c not in "\n\t" for c in shown
        )
        assert not set(shown) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068")


@given(_NASTY)
def test_colours_are_ours_and_only_ours(text: str) -> None:
    assert click.unstyle(bold(text)) == clean(text)
    assert click.unstyle(join([text, bold(text)], "|")) == clean(text) + "|" + clean(text)
    assert isinstance(join([text]), StyledText)


def test_no_colour_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert paint("a\x1b[31m", fg="red") == "a\ufffd[31m"


@given(_NASTY, st.integers(2, 40))
@example(_JOINERS, 4)
def test_lines_fit_and_nothing_is_lost(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == flat(text).replace(" ", "")


@given(_NASTY, st.integers(2, 40))
@example(_JOINERS, 4)
@example(_JOINERS, 5)
def test_what_is_cut_fits(text: str, width: int) -> None:
    assert cells(cut(flat(text), width)) <= width
    assert cells(cut_left(flat(text), width)) <= width


def test_cells_of_wide_and_combining_characters() -> None:
    assert cells("abc") == 3
    assert cells("低ランク") == 8
    assert cells("e\u0301") == 1


def test_an_excerpt_shows_the_lines_that_hold_the_terms() -> None:
    text = (
        "nothing here at all. " * 30 + "The low-rank update is small. " + "more words here. " * 30
    )
    lines = excerpt(text, {"low", "rank"}, 60)
    assert len(lines) == 3
    plain = " ".join(click.unstyle(line) for line in lines)
    assert "low-rank update" in plain
    assert plain.startswith("…")
    assert plain.endswith("…")
    assert bold("low-rank") in "".join(lines)
    assert all(cells(click.unstyle(line)) <= 60 for line in lines)


@given(_NASTY, st.integers(20, 90))
def test_an_excerpt_is_at_most_three_lines(text: str, width: int) -> None:
    lines = excerpt(text, {"x"}, width)
    assert len(lines) <= 3
    assert all(cells(click.unstyle(line)) <= width + 2 for line in lines)
