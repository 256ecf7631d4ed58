"""Dates as people write them, the time a question asks for, and when a unit was stated."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answers_fakes import passage
from commonplace.answers.evidence.units import Unit, units
from commonplace.answers.times.asked import asked_time
from commonplace.answers.times.dates import Period, dates
from commonplace.answers.times.statements import effective_period, is_newer, stated_on
from commonplace.answers.times.values import is_marked_old, values
from commonplace.corpus import Passage

TODAY = date(2025, 6, 1)
UNKNOWN = datetime(2026, 1, 1, 10, 11, 12, 131415, tzinfo=UTC)  # as file systems write times


def note(text: str, name: str = "note", heading: tuple[str, ...] = ()) -> Passage:
    """A passage of a file that does not say when it was written."""
    return replace(passage(text, name, heading=heading), written_at=UNKNOWN)


def unit_with(words: str, text: str, name: str = "note", heading: tuple[str, ...] = ()) -> Unit:
    """The shortest unit of a text that has these words."""
    own = [unit for unit in units(note(text, name, heading)) if words in unit.text]
    return min(own, key=lambda unit: len(unit.text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-11 meeting", (2024, 3, 11)),
        ("in 2024-12", (2024, 12, None)),
        ("27.01.25 copper sulfate", (2025, 1, 27)),
        ("19.3.26 lane 2", (2026, 3, 19)),
        ("27/01/2025", (2025, 1, 27)),
        ("Sat 3 May", (None, 5, 3)),
        ("4 March 2025", (2025, 3, 4)),
        ("March 4, 2025", (2025, 3, 4)),
        ("am 4. März 2024", (2024, 3, 4)),
        ("le 4 mars 2024", (2024, 3, 4)),
        ("ab 1.4., der Rest bleibt", (None, 4, 1)),
        ("in Dec 24", (2024, 12, None)),
        ("on Dec 24", (None, 12, 24)),
        ("10 Dec '24", (2024, 12, 10)),
        ("since Aug (before 14.50)", (None, 8, None)),
        ("the year 2024", (2024, None, None)),
    ],
)
def test_a_date_is_read_as_it_is_written(
    text: str, expected: tuple[int | None, int | None, int | None]
) -> None:
    assert [(m.year, m.month, m.day) for m in dates(text)] == [expected]


@pytest.mark.parametrize(
    "text",
    ["04/05/2021", "2024 kg", "we may go on", "dep 12:24, 44.90 each", "version 2.3.2024.1", "4.1"],
)
def test_what_is_no_date_or_could_be_two_is_passed_over(text: str) -> None:
    assert dates(text) == ()


def test_a_range_of_days_is_one_date() -> None:
    (mention,) = dates("Slovenia 9-16 Sept 2023")
    assert mention.period == Period(date(2023, 9, 9), date(2023, 9, 16))


@given(st.dates(date(1950, 1, 1), date(2099, 12, 31)))
def test_every_day_is_read_back_from_each_form(day: date) -> None:
    whole = Period(day, day)
    for text in (
        f"{day:%Y-%m-%d}",
        f"{day.day} {day:%B} {day.year}",
        f"{day.day}.{day.month}.{day.year}",
    ):
        assert [mention.period for mention in dates(f"on {text}, noon")] == [whole]
    assert [mention.period for mention in dates(str(whole))] == [whole]


@given(st.text(max_size=60))
def test_dates_and_values_lie_in_the_text_and_never_overlap(text: str) -> None:
    for spans in (
        [(m.start, m.end) for m in dates(text)],
        [(v.start, v.end) for v in values(text)],
    ):
        flat = [place for span in spans for place in span]
        assert flat == sorted(flat)
        assert not flat or (flat[0] >= 0 and flat[-1] <= len(text))


@pytest.mark.parametrize(
    "question",
    [
        "What is the rent now?",
        "current price of rye",
        "our latest meter reading",
        "do I still have to pay",
        "which vet works on Saturdays these days",
        "was kostet einmal waschen jetzt",
        "derzeitiger Beitrag",
        "prix actuel",
    ],
)
def test_now_is_the_present(question: str) -> None:
    assert asked_time(question, TODAY).kind == "current"


@pytest.mark.parametrize(
    ("question", "first", "last"),
    [
        ("How many guests came in 2022?", date(2022, 1, 1), date(2022, 12, 31)),
        ("average wait in March 2023", date(2023, 3, 1), date(2023, 3, 31)),
        ("revenue 2024-12", date(2024, 12, 1), date(2024, 12, 31)),
        ("the bill of Dec 24", date(2024, 12, 1), date(2024, 12, 31)),
        ("scrap rate in the last quarter of 2023", date(2023, 10, 1), date(2023, 12, 31)),
        ("sales in Q2 2024", date(2024, 4, 1), date(2024, 6, 30)),
        ("load in the summer of 2024", date(2024, 6, 1), date(2024, 8, 31)),
        ("what did it cost last year", date(2024, 1, 1), date(2024, 12, 31)),
        ("who came last month?", date(2025, 5, 1), date(2025, 5, 31)),
        ("the bill of last quarter", date(2025, 1, 1), date(2025, 3, 31)),
        ("price of the licence the year before", date(2024, 1, 1), date(2024, 12, 31)),
        ("rent before 2022", date(1, 1, 1), date(2021, 12, 31)),
        ("rent since 2021", date(2021, 1, 1), date(9999, 12, 31)),
        ("Miete seit 2021", date(2021, 1, 1), date(9999, 12, 31)),
        ("Yusra's hours in April", date(2025, 4, 1), date(2025, 4, 30)),
        ("Yusra's hours in August", date(2024, 8, 1), date(2024, 8, 31)),
    ],
)
def test_a_period_has_its_first_and_last_day(question: str, first: date, last: date) -> None:
    asked = asked_time(question, TODAY)
    assert (asked.kind, asked.period) == ("period", Period(first, last))


def test_an_earlier_state_and_no_time_at_all() -> None:
    assert asked_time("What did we use to pay before?", TODAY).kind == "former"
    assert asked_time("What was the fee originally?", TODAY).kind == "former"
    assert asked_time("What may I eat?", TODAY).kind == "any"
    assert asked_time("Which part caused the high sleep current of the board?", TODAY).kind == "any"


@pytest.mark.parametrize(
    ("words", "text", "name", "heading", "expected"),
    [
        ("rent 150", "2025-03-04: rent 150 €\nrent is paid by Ada", "note", (), "4 March 2025"),
        ("150", "- 4 March 2025 rent 150 €\n- paid by Ada", "note", (), "4 March 2025"),
        (
            "Spine",
            "8 April 2026, Ada -> Bo\nSpine-1 rebooted. It is old.",
            "note",
            (),
            "8 April 2026",
        ),
        (
            "150",
            "day | rent\n--- | ---\n2025-03-04 | 150\n2024-01-01 | 120",
            "note",
            (),
            "4 March 2025",
        ),
        (
            "150",
            "From: Ada\nDate: Tue, 4 Mar 2025 10:00\n\nRent is 150 € a month.",
            "note",
            (),
            "4 March 2025",
        ),
        ("150", "The rent is 150 € a month.", "note", ("Minutes 4 March 2025",), "4 March 2025"),
        ("150", "The rent is 150 € a month.", "note", ("Costs 2025",), "2025"),
        ("150", "The rent is 150 € a month.", "2024-03-11-meeting", (), "11 March 2024"),
        ("150", "The rent is 150 € since May 2025.", "note", (), "May 2025"),
    ],
)
def test_a_statement_has_the_date_that_dates_it(
    words: str, text: str, name: str, heading: tuple[str, ...], expected: str
) -> None:
    stated = stated_on(unit_with(words, text, name, heading))
    assert stated is not None
    assert str(stated.period) == expected


def test_the_time_of_a_file_is_no_evidence_but_its_own_date_is() -> None:
    unit = unit_with("150", "The rent is 150 € a month.")
    assert stated_on(unit) is None
    dated = replace(
        unit, passage=replace(unit.passage, written_at=datetime(2025, 3, 4, tzinfo=UTC))
    )
    stated = stated_on(dated)
    assert stated is not None
    assert str(stated.period) == "4 March 2025"


def test_a_date_within_a_sentence_is_not_when_it_was_stated() -> None:
    assert stated_on(unit_with("Ada", "The handover to Ada is on 4 March 2025 at noon.")) is None


def test_in_a_log_without_years_the_later_line_is_newer() -> None:
    log = "**18 Feb** eggs 30 ct each\n**30 Oct** eggs now 40 ct"
    older, newer = unit_with("30 ct", log), unit_with("40 ct", log)
    assert is_newer(newer, older) is True
    assert is_newer(older, newer) is False


def test_a_dated_line_is_later_than_what_has_no_date_in_the_same_note() -> None:
    text = "rate limit is 40 requests\n\n2026-04-08 rate limit up to 60 requests"
    assert is_newer(unit_with("60", text), unit_with("40", text)) is True
    assert is_newer(unit_with("60", text, "other"), unit_with("40", text)) is None


def test_a_statement_says_from_when_it_holds() -> None:
    unit = unit_with("150", "Rent goes to 150 € from 1 Oct 2025 on.")
    assert str(effective_period(unit)) == "1 October 2025"


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("wants 28 instead of 26 now", {"26"}, {"28"}),
        ("window of 3 May is MOVED to 10 May", {"-05-03"}, {"-05-10"}),
        ("Waschgang 2,20 → 2,60", {"2.2"}, {"2.6"}),
        ("code was 1930, now 8846", {"1930"}, {"8846"}),
        ("104 statt 96", {"96"}, {"104"}),
        ("€ 14.30 (was 11.90)", {"11.9"}, {"14.3"}),
        ("500/250 (before 250/100)", {"250"}, {"500", "250", "100"}),
        ("~~120 €~~ 150 €", {"120"}, {"150"}),
        ("1,560 NAD", set(), {"1560"}),
    ],
)
def test_a_statement_says_which_of_its_values_are_old(
    text: str, old: set[str], new: set[str]
) -> None:
    own = values(text)
    assert {value.normal for value in own if value.old} >= old
    assert {value.normal for value in own if not value.old} <= new


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rent 120 € (old)", True),
        ("~~rent 120 €~~", True),
        ("superseded: rent 120 €", True),
        ("nicht mehr gültig: Miete 120 €", True),
        ("rent 120 € ~~cold~~", False),
        ("the old house has rent 120 €", False),
    ],
)
def test_a_statement_says_that_it_is_old(text: str, expected: bool) -> None:
    own = note(text)
    assert is_marked_old(Unit(own, 0, len(text))) is expected
