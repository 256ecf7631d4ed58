"""Drafts: their account, their switching off, and that they change nothing that is written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from commonplace.models import Generation, LlamaModel, Speculation, open_language_model
from commonplace.models._language import _files
from commonplace.models._speculation import MOST_DRAFTED, Balance, measure

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


def test_who_asks_for_no_drafts_or_uses_more_threads_gets_none() -> None:
    for balance in (Balance(None), Balance(SETTINGS, threads=2)):
        balance.settle(generation(25, 20, 1.2))
        assert balance.off


def test_a_model_that_drafts_is_named_behind_the_file() -> None:
    path, chosen = _files("/models/large.gguf#draft=/models/small.gguf", Speculation())
    assert (str(path), str(chosen and chosen.model)) == ("/models/large.gguf", "/models/small.gguf")
    path, chosen = _files("/models/large.gguf", Speculation())
    assert (str(path), chosen) == ("/models/large.gguf", Speculation())


# -------------------------------------------------------------------- with the real weights

NOTES = (
    "Batch normalization standardizes each layer's inputs over a mini-batch, then scales and "
    "shifts them by learned parameters, which allows larger learning rates.",
    "LoRA freezes the pretrained weights and trains two low-rank matrices whose product is added "
    "to them, so that few parameters are trained and nothing is slower afterwards.",
    "Dropout sets random activations to zero while training, so that a unit cannot rely on the "
    "presence of other units, which prevents co-adaptation and overfitting.",
)
QUESTIONS = (
    "What does batch normalization do?",
    "Why does LoRA train two matrices?",
    "How does dropout prevent overfitting?",
)
SYSTEM = "Answer the question from the passages only, in one or two sentences."


def asked(question: str) -> list[Mapping[str, str]]:
    frames = "\n".join(
        f'<passage number="{n}">\n{note}\n</passage>' for n, note in enumerate(NOTES)
    )
    return [
        {"role": "system", "content": SYSTEM},
        {"role": "user", "content": f"{frames}\n\nQuestion: {question}"},
    ]


def copying(text: str, times: int) -> list[Mapping[str, str]]:
    """A conversation that is about to go on with `text`."""
    return [
        {"role": "user", "content": f"Copy this text again and again.\n{text * times}"},
        {"role": "assistant", "content": text * times},
        {"role": "user", "content": "Again."},
    ]


COPYING = copying(f"{NOTES[0]} ", 3)


def write(
    model: LlamaModel, messages: Sequence[Mapping[str, str]], tokens: int = 48
) -> tuple[str, Generation]:
    """The text, and what it took."""
    took = list[Generation | None]()

    def pieces() -> Iterator[str]:
        took.append((yield from model.generate(messages, max_tokens=tokens)))

    text = "".join(pieces())
    assert took[0] is not None
    return text, took[0]


def opened(speculation: Speculation | None, threads: int = 1) -> LlamaModel:
    model = open_language_model(context_tokens=1024, threads=threads, speculation=speculation)
    assert isinstance(model, LlamaModel)
    return model


@pytest.fixture(scope="module")
def drafting() -> LlamaModel:
    return opened(Speculation(trial=10**9))  # never switched off


@pytest.fixture(scope="module")
def plain() -> LlamaModel:
    return opened(None)


@pytest.mark.weights
def test_greedy_text_is_the_same_token_for_token(drafting: LlamaModel, plain: LlamaModel) -> None:
    drafted = 0
    for messages in (*map(asked, QUESTIONS), COPYING):
        (with_drafts, made), (without, single) = write(drafting, messages), write(plain, messages)
        assert with_drafts == without
        assert made.tokens == single.tokens
        assert single.drafted == 0
        assert single.off
        drafted += made.drafted
        assert 0 <= made.accepted <= made.drafted
    assert drafted >= 20, "else nothing was tested"


def sampled(model: LlamaModel, seeds: range, tokens: int) -> tuple[list[str], int]:
    """A text for each seed at temperature .8, and how many tokens were drafted for them."""
    texts, drafted = [], 0
    for seed in seeds:
        text, timings = "", dict[str, Any]()

        def take(chunk: Any) -> bool:
            nonlocal text, timings
            for part in chunk if isinstance(chunk, list) else [chunk]:
                text += part["choices"][0]["delta"].get("content") or "" if part["choices"] else ""
                timings = part.get("timings") or timings
            return False

        request = {
            "messages": copying("The seven blue boats of Anna sail to the port of Oslo. ", 2),
            "max_tokens": tokens,
            "temperature": 0.8,
            "seed": seed,
            "stream": True,
            "timings_per_token": True,
        }
        model.runtime.complete(request, take)
        texts.append(text)
        drafted += timings.get("draft_n", 0)
    return texts, drafted


@pytest.mark.weights
@pytest.mark.slow
def test_sampled_text_has_the_same_distribution(drafting: LlamaModel, plain: LlamaModel) -> None:
    """Other seeds with drafts than without: how often each text comes, by a permutation test."""
    with_drafts, drafted = sampled(drafting, range(60), tokens=10)
    without, _ = sampled(plain, range(1000, 1060), tokens=10)
    assert drafted > 60, "else nothing was tested"
    assert 3 < len(set(without)) < 50, "else it tells nothing"
    both, half = np.array(with_drafts + without), len(with_drafts)
    random = np.random.default_rng(0)
    observed = _distance(both[:half], both[half:])
    shuffled = [random.permutation(both) for _ in range(500)]
    as_far = sum(_distance(each[:half], each[half:]) >= observed for each in shuffled)
    assert as_far / len(shuffled) > 0.01


@pytest.mark.weights
def test_sampled_text_is_the_same_for_the_same_seed(
    drafting: LlamaModel, plain: LlamaModel
) -> None:
    assert sampled(drafting, range(6), tokens=24)[0] == sampled(plain, range(6), tokens=24)[0]


def _distance(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> float:
    """Between two samples: the sum of the squared differences of their counts."""
    one, two = Counter(first.tolist()), Counter(second.tolist())
    return float(sum((one[text] - two[text]) ** 2 for text in one | two))


@pytest.mark.weights
def test_a_kept_prefix_changes_nothing(plain: LlamaModel) -> None:
    fresh = {question: write(opened(None), asked(question), 32)[0] for question in QUESTIONS[:2]}
    again = [*QUESTIONS[:2], *QUESTIONS[:2]]
    kept = [write(plain, asked(question), 32) for question in again]
    assert [text for text, _ in kept] == [fresh[question] for question in again]
    lengths = {made.cached_tokens for _, made in kept}
    assert len(lengths) == 1  # the same piece each time, however much more was in common
    assert 10 < lengths.pop() < 60


@pytest.mark.weights
def test_a_model_stops_drafting_and_begins_again() -> None:
    model = opened(Speculation(trial=1, rest=1))
    text, first = write(model, COPYING)
    assert first.drafted > 0
    model.runtime.settle(replace(first, plain_seconds=first.seconds / 2))
    assert "longer than one by one" in model.runtime.off
    without, second = write(model, COPYING)
    assert (second.drafted, without) == (0, text)
    assert second.off
    with_drafts, third = write(model, COPYING)
    assert third.drafted > 0
    assert with_drafts == text


@pytest.mark.weights
def test_a_draft_stays_below_what_would_change_the_words() -> None:
    model = opened(Speculation(draft=99, trial=10**9))
    _, made = write(model, COPYING)
    assert made.drafted > 0
    single_steps = made.tokens - 1 - made.accepted
    assert made.accepted <= MOST_DRAFTED * single_steps
