"""With the real weights: drafts and a kept prefix change nothing that is written."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from commonplace.models import (
    DEFAULT_LANGUAGE_MODEL,
    Generation,
    LlamaModel,
    Speculation,
    find_model,
    locate,
    open_language_model,
)
from commonplace.models.language.speculation import MORE_THREADS, MOST_DRAFTED

pytestmark = pytest.mark.weights

NOTES = (
    "Batch normalization standardizes each layer's inputs, which allows larger learning rates.",
    "LoRA trains two low-rank matrices whose product is added to the frozen weights.",
    "Dropout sets random activations to zero while training, which prevents overfitting.",
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
    """A text for each seed at temperature 1.5, and how many tokens were drafted for them."""
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
            "temperature": 1.5,
            "seed": seed,
            "stream": True,
            "timings_per_token": True,
        }
        model.runtime.complete(request, take)
        texts.append(text)
        drafted += timings.get("draft_n", 0)
    return texts, drafted


@pytest.mark.slow
def test_sampled_text_has_the_same_distribution(drafting: LlamaModel, plain: LlamaModel) -> None:
    """Other seeds with drafts than without: how often each text comes, by a permutation test."""
    with_drafts, drafted = sampled(drafting, range(60), tokens=8)
    without, _ = sampled(plain, range(1000, 1060), tokens=8)
    assert drafted > 60, "else nothing was tested"
    assert 4 < len(set(without)) < 50, "else it tells nothing"
    both, half = np.array(with_drafts + without), len(with_drafts)
    random = np.random.default_rng(0)
    observed = _distance(both[:half], both[half:])
    shuffled = [random.permutation(both) for _ in range(500)]
    as_far = sum(_distance(each[:half], each[half:]) >= observed for each in shuffled)
    assert as_far / len(shuffled) > 0.01


def test_sampled_text_is_the_same_for_the_same_seed(
    drafting: LlamaModel, plain: LlamaModel
) -> None:
    assert sampled(drafting, range(6), tokens=24)[0] == sampled(plain, range(6), tokens=24)[0]


def _distance(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> float:
    """Between two samples: the sum of the squared differences of their counts."""
    one, two = Counter(first.tolist()), Counter(second.tolist())
    return float(sum((one[text] - two[text]) ** 2 for text in one | two))


def test_a_kept_prefix_changes_nothing(plain: LlamaModel) -> None:
    fresh = {question: write(opened(None), asked(question), 32)[0] for question in QUESTIONS[:2]}
    again = [*QUESTIONS[:2], *QUESTIONS[:2]]
    kept = [write(plain, asked(question), 32) for question in again]
    assert [text for text, _ in kept] == [fresh[question] for question in again]
    lengths = {made.cached_tokens for _, made in kept}
    assert len(lengths) == 1  # the same piece each time, however much more was in common
    assert 10 < lengths.pop() < 60


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


def test_a_draft_stays_below_what_would_change_the_words() -> None:
    model = opened(Speculation(draft=99, trial=10**9))
    _, made = write(model, COPYING)
    assert made.drafted > 0
    single_steps = made.tokens - 1 - made.accepted
    assert made.accepted <= MOST_DRAFTED * single_steps


def test_with_more_threads_nothing_is_drafted() -> None:
    rhyme = copying("One, two, buckle my shoe. ", 2)  # short: two threads wait for each other
    _, made = write(opened(Speculation(), threads=2), rhyme, tokens=4)
    assert (made.drafted, made.off) == (0, MORE_THREADS)


def test_a_model_may_draft_for_its_like(plain: LlamaModel) -> None:
    entry = find_model(DEFAULT_LANGUAGE_MODEL)
    path = locate(entry) / entry.weights.name
    model = opened(Speculation(model=path, trial=10**9))
    messages = asked(QUESTIONS[1])
    text, made = write(model, messages, 24)
    assert text == write(plain, messages, 24)[0]
    assert made.drafted > 10
    assert made.accepted == made.drafted  # it always agrees with itself
