"""Drafts: the account of what they took, and their switching off."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from commonplace.models import Generation, Speculation
from commonplace.models.language.interface import read_specification
from commonplace.models.language.speculation import Balance, measure

SETTINGS = Speculation(trial=20, rest=3)


def row(tokens: int, milliseconds: float, drafted: int = 0, accepted: int = 0) -> dict[str, Any]:
    """Timings as llama-server reports them with each token."""
    return {
        "predicted_n": tokens,
        "predicted_ms": milliseconds,
        "prompt_n": 90,
        "cache_n": 10,
        "prompt_ms": 700.0,
    } | ({"draft_n": drafted, "draft_n_accepted": accepted} if drafted else {})


def generation(
    drafted: int, accepted: int, plain_seconds: float | None, off: str = ""
) -> Generation:
    """One second of writing."""
    return Generation(100, 1.0, drafted, accepted, plain_seconds, 100, 0, 1.0, off)


def test_what_a_text_took_is_added_up() -> None:
    single = [row(n, 10.0 * (n - 1)) for n in range(1, 7)]
    step = [row(n, 65.0, 2, 2) for n in range(7, 10)]  # three tokens in one step of 15 ms
    made = measure([*single, *step])
    assert made is not None
    assert (made.tokens, made.drafted, made.accepted) == (9, 2, 2)
    assert (made.prompt_tokens, made.cached_tokens, made.prompt_seconds) == (100, 10, 0.7)
    assert made.acceptance == 1.0
    assert made.plain_seconds == pytest.approx(0.08)
    assert made.speed_up == pytest.approx(80 / 65)


def test_without_drafts_nothing_was_saved() -> None:
    made = measure([row(n, 10.0 * n) for n in range(1, 9)], off="it was not asked for")
    assert made is not None
    assert (made.acceptance, made.speed_up, made.off) == (None, 1.0, "it was not asked for")
    assert measure([]) is None


def test_too_few_single_steps_tell_no_speed_up() -> None:
    made = measure([row(1, 0.0), row(2, 10.0), row(5, 25.0, 2, 2)])
    assert made is not None
    assert made.speed_up is None


def test_drafting_stops_once_it_costs_and_is_tried_again() -> None:
    balance = Balance(SETTINGS)
    balance.settle(generation(15, 2, 0.9))
    assert balance.off == ""  # too little is known yet
    balance.settle(generation(15, 2, 0.7))
    assert balance.off.startswith("of 30 drafted tokens 4 were right, and writing took 25% longer")
    for _ in range(SETTINGS.rest - 1):
        balance.settle(generation(0, 0, 1.0, off=balance.off))
        assert balance.off
    balance.settle(generation(0, 0, 1.0, off=balance.off))
    assert balance.off == ""
    balance.settle(generation(15, 14, 1.3))
    assert balance.off == ""  # what was before the rest counts no more


def test_drafting_goes_on_while_it_pays() -> None:
    balance = Balance(SETTINGS)
    for _ in range(9):
        balance.settle(generation(25, 20, 1.2))
    balance.settle(generation(0, 0, 1.0))
    balance.settle(generation(25, 20, None))
    assert balance.off == ""


def test_who_asks_for_no_drafts_or_cannot_have_them_gets_none() -> None:
    for balance in (Balance(None), Balance(SETTINGS, never="of no use")):
        balance.settle(generation(25, 20, 1.2))
        assert balance.off


def test_drafts_are_asked_for_behind_the_model() -> None:
    assert read_specification("large.gguf", None) == ("large.gguf", None)
    assert read_specification("large.gguf", SETTINGS) == ("large.gguf", SETTINGS)
    assert read_specification("large.gguf#draft", None) == ("large.gguf", Speculation())
    named, chosen = read_specification("/models/large.gguf#draft=/models/small.gguf", SETTINGS)
    assert (named, chosen) == (
        "/models/large.gguf",
        replace(SETTINGS, model=Path("/models/small.gguf")),
    )
