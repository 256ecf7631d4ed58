"""The few tests that need the real weights, fetched once into the user's cache."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from commonplace.foundation import WeightsError
from commonplace.models import (
    max_similarity,
    open_cross_encoder,
    open_encoder,
    open_language_model,
    open_late_interaction,
)

pytestmark = pytest.mark.weights

QUERY = "Why does LoRA use two matrices?"
PASSAGES = [
    "LoRA writes the update of a weight as the product of two low-rank matrices, which has few "
    "parameters.",
    "Adapters are small layers that are trained while the pretrained weights stay frozen.",
    "Bananas ripen faster in a paper bag because it holds the ethylene that they give off.",
]


def test_bge_orders_passages_by_relevance() -> None:
    encoder = open_encoder()
    scores = (encoder.encode_passages(PASSAGES) @ encoder.encode_queries([QUERY]).T)[:, 0]
    assert encoder.dimension == 384
    assert list(np.argsort(-scores)) == [0, 1, 2]
    assert scores[0] > scores[2] + 0.2


def test_a_vector_depends_on_its_neighbours_only_in_a_batch() -> None:
    encoder = open_encoder()
    alone = np.concatenate([encoder.encode_passages([text]) for text in PASSAGES])
    np.testing.assert_array_equal(encoder.encode_passages(PASSAGES), alone)
    batched = replace(encoder, token_budget=512).encode_passages(PASSAGES)
    assert 0.98 < (batched * alone).sum(axis=1).min() < 1  # int8: one scale for the batch


def test_the_cross_encoder_tells_relevant_from_irrelevant() -> None:
    scores = open_cross_encoder().score([(QUERY, passage) for passage in PASSAGES])
    assert scores[0] > 0 > max(scores[1], scores[2])


def test_late_interaction_finds_the_passage() -> None:
    model = open_late_interaction()
    (query,) = model.encode_queries([QUERY])
    scores = [max_similarity(query, passage) for passage in model.encode_passages(PASSAGES)]
    assert int(np.argmax(scores)) == 0


def test_smollm2_generates_the_same_twice_within_its_context(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    model = open_language_model(context_tokens=512)
    messages = [{"role": "user", "content": "Name the capital of France."}]
    first = "".join(model.generate(messages, max_tokens=16))
    assert "Paris" in first
    assert "".join(model.generate(messages, max_tokens=16)) == first
    assert model.count_tokens("hello world") == 2
    (tmp_path / "broken.gguf").write_bytes(b"GGUF nothing")
    with pytest.raises(WeightsError, match="cannot load"):
        open_language_model(str(tmp_path / "broken.gguf"))


def test_punctuation_of_a_passage_matches_nothing() -> None:
    plain, marked = open_late_interaction().encode_passages(["a small cat", "a, (small) cat..."])
    assert len(marked) == len(plain) == 3
