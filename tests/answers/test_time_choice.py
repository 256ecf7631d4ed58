"""Which statement holds for the time that was asked, and how an answer and a search say so."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from answers_fakes import THEN, Angle, SharedTerms, passage
from commonplace.answers import (
    Answer,
    Citation,
    Context,
    ExtractiveReader,
    Readers,
    Reply,
    Sentence,
    Superseded,
    Unsure,
    answering,
    superseded_passages,
)
from commonplace.answers.evidence.units import units
from commonplace.answers.extractive import Extract, ScoredUnit
from commonplace.answers.times.choice import Timely, in_time
from commonplace.answers.times.notes import time_note
from commonplace.corpus import Passage, TextLocator

TODAY = date(2026, 1, 1)
UNKNOWN = datetime(2026, 1, 1, 10, 11, 12, 131415, tzinfo=UTC)  # as file systems write times


def note(text: str, name: str, heading: tuple[str, ...] = ()) -> Passage:
    """A passage of a file that does not say when it was written."""
    return replace(passage(text, name, heading=heading), written_at=UNKNOWN)


RENT_2024 = note("Rent of the workshop is 120 € a month.", "2024-01-03-rent")
RENT_2025 = note("Rent of the workshop is 150 € a month.", "2025-03-04-rent")


def extract(*passages: Passage, apart: float = 1.0) -> Extract:
    """What was read of passages: each unit scores `apart` logits less than the one before it."""
    own = [unit for each in passages for unit in units(each) if unit.form != "list"]
    scored = tuple(ScoredUnit(unit, 5.0 - apart * i, 0) for i, unit in enumerate(own))
    return Extract(scored[:1], scored, tuple(passages))


def quotes(timely: Timely) -> list[str]:
    return [each.unit.text for each in timely.evidence]


def superseded(timely: Timely) -> list[str]:
    return [unit.text for older in timely.superseded.values() for unit in older]


def test_the_newer_of_two_statements_wins_though_it_scores_less() -> None:
    for question in ("What is the rent of the workshop?", "What is the workshop's rent now?"):
        timely = in_time(question, extract(RENT_2024, RENT_2025), TODAY)
        assert quotes(timely) == [RENT_2025.text]
        assert superseded(timely) == [RENT_2024.text]


def test_the_older_is_marked_too_where_the_newer_scores_best() -> None:
    timely = in_time("rent of the workshop?", extract(RENT_2025, RENT_2024), TODAY)
    assert quotes(timely) == [RENT_2025.text]
    assert superseded(timely) == [RENT_2024.text]


def test_where_the_past_is_asked_for_the_older_wins() -> None:
    question = "What was the rent of the workshop originally?"
    timely = in_time(question, extract(RENT_2025, RENT_2024), TODAY)
    assert quotes(timely)[0] == RENT_2024.text


def test_of_a_period_the_statement_of_it_stands() -> None:
    question = "What was the rent of the workshop in 2024?"
    timely = in_time(question, extract(RENT_2024, RENT_2025), TODAY)
    assert (quotes(timely), timely.doubt) == ([RENT_2024.text], "")


def test_words_of_another_time_than_was_asked_are_in_doubt() -> None:
    guests = note("Guests in 2023: 31 bookings, 118 nights.", "flat")
    timely = in_time("How many nights did guests book in 2022?", extract(guests), TODAY)
    assert timely.doubt == "the closest words are of 2023, not of 2022"
    assert in_time("How many nights did guests book in 2023?", extract(guests), TODAY).doubt == ""


def test_a_statement_that_names_the_old_value_wins_without_any_date() -> None:
    order = note("Order: the school wants 26 pieces.", "order")
    call = note("The school wants 28 instead of 26 now.", "call")
    for best, other in ((order, call), (call, order)):
        timely = in_time("How many pieces does the school want?", extract(best, other), TODAY)
        assert quotes(timely) == [call.text]
        assert superseded(timely) == [order.text]


def test_what_is_marked_as_old_gives_way() -> None:
    old = note("Code of the locker: 2580 (old)", "keys")
    new = note("Code of the locker: 7316", "people")
    timely = in_time("What is the code of the locker?", extract(old, new), TODAY)
    assert quotes(timely) == [new.text]


def test_the_newest_row_of_a_series_is_the_latest_reading() -> None:
    table = note(
        "day | reading\n--- | ---\n2025-01-01 | 4100\n2025-02-01 | 4230\n2025-03-01 | 4377", "meter"
    )
    timely = in_time("What is the latest meter reading?", extract(table), TODAY)
    assert quotes(timely)[0] == "2025-03-01 | 4377"


def test_a_change_that_is_still_to_come_does_not_hold_now() -> None:
    later = note("Rent of the workshop is 170 € a month from 1 July 2026.", "2025-12-01-rent")
    question = "What is the rent of the workshop now?"
    timely = in_time(question, extract(RENT_2025, later), TODAY)
    assert quotes(timely) == [RENT_2025.text]
    after = in_time(question, extract(RENT_2025, later), date(2026, 8, 1))
    assert quotes(after) == [later.text]


def test_different_things_and_equal_values_are_left_alone() -> None:
    rents = extract(RENT_2024, note("Rent of the garage is 50 € a month.", "2025-03-04-garage"))
    assert in_time("What is the rent of the workshop?", rents, TODAY) == Timely(rents.evidence)
    same = extract(RENT_2024, note("Rent of the workshop stays 120 € a month.", "2025-03-04-x"))
    assert in_time("What is the rent of the workshop?", same, TODAY) == Timely(same.evidence)


def test_without_dates_nothing_is_changed() -> None:
    own = extract(note("Rent of the shop is 120 €.", "a"), note("Rent of the shop is 150 €.", "b"))
    assert in_time("What is the rent of the shop?", own, TODAY) == Timely(own.evidence)
    assert in_time("What is the rent of the shop?", Extract(), TODAY) == Timely()


def test_where_all_is_asked_for_all_is_quoted() -> None:
    own = extract(RENT_2024, RENT_2025)
    assert in_time("List all rents of the workshop", own, TODAY) == Timely(own.evidence)


def test_a_note_has_the_dates_and_the_value_that_was_before() -> None:
    older, newer = (units(each)[0] for each in (RENT_2024, RENT_2025))
    question = "What is the rent of the workshop?"
    assert time_note(question, newer, [older]) == "as of 4 March 2025; before: 120 €"
    assert time_note(question, newer, []) == ""


def cite(source: Passage, start: int, end: int) -> Citation:
    return Citation(source, start, end, TextLocator(start, end))


def ask(question: str, passages: Sequence[Passage]) -> Reply:
    readers = Readers(ExtractiveReader(SharedTerms()), Angle(1.0))
    *_, last = answering(question, Context(passages, THEN), readers, cite, threshold=0.0)
    assert not isinstance(last, Sentence)
    return last


def test_an_answer_says_what_was_before_and_cites_it() -> None:
    reply = ask("What is the rent of the workshop?", (RENT_2024, RENT_2025))
    assert isinstance(reply, Answer)
    (sentence,) = reply.sentences
    assert sentence.text == RENT_2025.text
    assert sentence.note == "as of 4 March 2025; before: 120 €"
    (earlier,) = sentence.superseded
    assert isinstance(earlier, Superseded)
    assert (earlier.citation.quote, earlier.stated) == (RENT_2024.text, "3 January 2024")


def test_an_answer_of_another_time_than_was_asked_is_unsure() -> None:
    guests = note("Guests of the flat in 2023: 118 nights.", "flat")
    reply = ask("How many nights had guests of the flat in 2022?", (guests,))
    assert isinstance(reply, Unsure)
    assert reply.reason == "the closest words are of 2023, not of 2022"


def test_a_search_marks_what_another_hit_supersedes() -> None:
    query = "rent of the workshop"
    assert superseded_passages(query, [RENT_2024, RENT_2025], TODAY) == {0: (1, "4 March 2025")}
    assert superseded_passages(query, [RENT_2025], TODAY) == {}
