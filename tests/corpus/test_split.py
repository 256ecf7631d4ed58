"""Splitting and joining: nothing over the limit, nothing lost, cut where it hurts least."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.corpus.text.split import Block, Span, passages, split, split_lines

WORDS = st.lists(
    st.sampled_from(
        ["word", "Word. ", "longerword ", ", ", "\n", "\r\n", "x" * 50, "    ", "\u4e2d"]
    )
).map("".join)


def check_spans(text: str, spans: list[Span], limit: int) -> None:
    before = 0
    covered: set[int] = set()
    for start, end in spans:
        assert before <= start < end
        assert end - start <= limit
        covered.update(range(start, end))
        before = end
    assert all(text[place].isspace() for place in range(len(text)) if place not in covered)


@pytest.mark.parametrize("cutter", [split, split_lines])
@given(text=st.one_of(st.text(), WORDS), limit=st.integers(min_value=4, max_value=300))
def test_pieces_are_short_enough_and_nothing_is_lost(
    cutter: Callable[[str, int, int, int], list[Span]], text: str, limit: int
) -> None:
    check_spans(text, cutter(text, 0, len(text), limit), limit)


@given(
    lengths=st.lists(st.tuples(st.integers(1, 500), st.sampled_from(["prose", "item", "code"]))),
    limit=st.integers(min_value=20, max_value=400),
)
def test_passages_hold_every_block(lengths: list[tuple[int, str]], limit: int) -> None:
    text, blocks = "", []
    for length, kind in lengths:
        start = len(text)
        text += ("Some words. " * 50)[:length].strip() + "\n\n"
        blocks.append(Block(start, len(text) - 2, kind))  # type: ignore[arg-type]
    check_spans(text, passages(text, blocks, limit), limit)


def test_a_paragraph_is_cut_between_sentences_into_even_pieces() -> None:
    text = "This sentence has some forty characters. " * 60
    spans = split(text, 0, len(text), 1_000)
    lengths = [end - start for start, end in spans]
    assert all(text[start:end].endswith("characters.") for start, end in spans)
    assert max(lengths) - min(lengths) < 100


def test_a_long_sentence_is_cut_at_a_clause() -> None:
    text = "one two three four five six, " * 20
    assert all(text[start:end].endswith("six,") for start, end in split(text, 0, len(text), 200))


def test_code_is_cut_at_blank_lines() -> None:
    code = "\n\n".join(f"def f{n}():\n    a = {n}\n    return a" for n in range(20))
    spans = split_lines(code, 0, len(code), 200)
    assert all(code[start:end].startswith("def") for start, end in spans)


def test_the_head_of_a_table_stays_with_its_first_row() -> None:
    table = "| a | b |\n|---|---|\n" + f"| {'word ' * 19} | x |\n" * 9
    start, end = split_lines(table, 0, len(table), 120)[0]
    assert "word" in table[start:end]


def blocks_of(text: str, *kinds: str) -> list[Block]:
    blocks, at = [], 0
    for piece, kind in zip(text.split("\n\n"), kinds, strict=True):
        at = text.index(piece, at)
        blocks.append(Block(at, at + len(piece), kind))  # type: ignore[arg-type]
        at += len(piece)
    return blocks


def joined(text: str, *kinds: str) -> list[str]:
    return [text[start:end] for start, end in passages(text, blocks_of(text, *kinds), 1_800)]


def test_short_neighbours_share_a_passage_and_long_ones_do_not() -> None:
    long = "A sentence of words. " * 20
    assert (
        len(joined(f"Short one.\n\nShort two.\n\n{long.strip()}", "prose", "prose", "prose")) == 1
    )
    assert len(joined(f"{long.strip()}\n\n{long.strip()}", "prose", "prose")) == 2


def test_a_list_stays_with_the_line_that_announces_it() -> None:
    text = "We need three things:\n\n- rank\n\n- alpha\n\n- data"
    assert joined(text, "prose", "item", "item", "item") == [text]


def test_a_formula_stays_with_its_sentence() -> None:
    long = "Words that lead up to it. " * 20 + "The loss is"
    text = f"{long}\n\n$$ a = b $$\n\nwhere a is what we want."
    assert joined(text, "prose", "math", "prose") == [text]


def test_a_bold_line_belongs_to_what_follows() -> None:
    long = ("A sentence of words. " * 20).strip()
    assert joined(f"{long}\n\n**Results**\n\n{long}", "prose", "prose", "prose") == [
        long,
        f"**Results**\n\n{long}",
    ]
