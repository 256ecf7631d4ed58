import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from commonplace.foundation import WeightsError
from commonplace.models.text.encoder import TextEncoder


def passages(count: int = 40) -> list[str]:
    rng = random.Random(3)
    return ["".join(rng.choices("abcdef  ", k=rng.randint(0, 300))) for _ in range(count)]


def test_rows_have_length_one_and_the_promised_shape(encoder: TextEncoder) -> None:
    vectors = encoder.encode_passages(passages())
    assert vectors.shape == (40, encoder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_batches_give_what_one_by_one_gives_in_the_order_given(encoder: TextEncoder) -> None:
    texts = passages()
    together = replace(encoder, token_budget=700).encode_passages(texts)
    alone = np.concatenate([encoder.encode_passages([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=2e-6)


def test_pooling_takes_the_first_token(encoder: TextEncoder) -> None:
    rows = encoder.word_pieces.singles(["abc"], 512)
    states = encoder.network.run(rows)
    first = states[0, 0] / np.linalg.norm(states[0, 0])
    np.testing.assert_allclose(encoder.encode_passages(["abc"])[0], first, atol=1e-6)


def test_padding_changes_nothing(encoder: TextEncoder) -> None:
    rows = encoder.word_pieces.singles(["ab", "a" * 90], 512)
    both, one = encoder.network.run(rows), encoder.network.run(rows[:1])
    np.testing.assert_allclose(both[0, : len(rows[0])], one[0], atol=2e-6)


def test_a_query_carries_the_instruction(encoder: TextEncoder) -> None:
    query = encoder.encode_queries(["abc"])
    same = encoder.encode_passages([encoder.query_instruction + "abc"])
    np.testing.assert_allclose(query, same, atol=1e-6)
    assert encoder.encode_queries([]).shape == (0, encoder.dimension)


def test_what_is_beyond_the_limit_is_not_seen(encoder: TextEncoder) -> None:
    long = "a b " * 400
    np.testing.assert_array_equal(
        encoder.encode_passages([long]), encoder.encode_passages([long + "c" * 50])
    )
    assert encoder.count_tokens(long) == 512
    assert encoder.count_tokens("") == 2


@pytest.mark.parametrize("text", ["", " ", "\ud800", "\x00", "x" * 3_000_000, "語" * 999])
def test_strange_texts_are_encoded(encoder: TextEncoder, text: str) -> None:
    assert np.isfinite(encoder.encode_passages([text, "ab"])).all()
    assert np.isfinite(encoder.encode_queries([text])).all()


def test_twice_gives_the_same(encoder: TextEncoder) -> None:
    texts = passages()
    np.testing.assert_array_equal(encoder.encode_passages(texts), encoder.encode_passages(texts))


def test_progress_counts_every_text(encoder: TextEncoder) -> None:
    counts: list[int] = []
    encoder.encode_passages(passages(), counts.append)
    assert sum(counts) == 40
    assert encoder.encode_passages([], counts.append).shape == (0, encoder.dimension)


def test_the_optimised_graph_is_kept_and_remade_when_damaged(encoder_folder: Path) -> None:
    def encode() -> np.ndarray:
        return TextEncoder.read(encoder_folder, name="t", sha256="").encode_passages(["abc"])

    first = encode()
    (kept,) = encoder_folder.glob("*.optimised-*.onnx")
    kept.write_bytes(b"damaged")
    np.testing.assert_allclose(encode(), first, atol=1e-6)
    assert kept.stat().st_size > 1000
    np.testing.assert_allclose(encode(), first, atol=1e-6)
    assert not list(encoder_folder.glob(".optimising-*"))


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_broken_or_missing_file_is_said(encoder_folder: Path, name: str) -> None:
    (encoder_folder / name).write_bytes(b"nothing")
    with pytest.raises(WeightsError, match=name):
        TextEncoder.read(encoder_folder, name="t", sha256="")
    (encoder_folder / name).unlink()
    with pytest.raises(WeightsError, match=name):
        TextEncoder.read(encoder_folder, name="t", sha256="")
