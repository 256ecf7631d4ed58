"""The passages that a reader gets: within its budget, none twice, in reading order.

Passages come ranked. They are picked from the best down while they fit (one that does not fit is
passed over, a later and shorter one may still fit); a passage whose words are nearly all in one
already picked adds nothing and is left out. Then they are put in the order of a reader: items by
their best passage, and within an item as it is written, so that what follows follows.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

from commonplace.corpus import Passage, analyse, heading_line

NEARLY_ALL: Final = 0.9  # share of a passage's word pairs held by a better one: a duplicate
_BYTES_A_TOKEN: Final = 3  # English BPE has 4 to 4.5; code, tables and other scripts have fewer

Cost = Callable[[Passage], int]  # tokens that a passage takes as the reader will see it


def estimate_tokens(text: str) -> int:
    """Tokens of a text, guessed high, for a model whose tokenizer is not at hand."""
    return -(-len(text.encode("utf-8", "replace")) // _BYTES_A_TOKEN)


def heading_of(passage: Passage) -> str:
    """What stands above a passage, as one line to put before it: "Title > Heading. ", or ""."""
    return heading_line(passage.title, passage.heading)


def with_heading(passage: Passage) -> str:
    """The passage as a reader sees it: title and headings, then the text."""
    return heading_of(passage) + passage.text


def estimate_cost(passage: Passage) -> int:
    """Tokens of a passage with its heading, guessed high."""
    return estimate_tokens(with_heading(passage))


def pick(ranked: Sequence[Passage], budget: int, cost: Cost = estimate_cost) -> list[Passage]:
    """The passages to read, in reading order; their tokens never exceed `budget`.

    Args:
        ranked: passages, best first.
        budget: tokens that the passages may take together.
        cost: tokens of one passage.
    """
    picked: list[Passage] = []
    for passage in distinct(ranked):
        tokens = cost(passage)
        if tokens <= budget:
            picked.append(passage)
            budget -= tokens
    return reading_order(picked)


def distinct(ranked: Sequence[Passage]) -> list[Passage]:
    """The passages less those nearly contained in a better one."""
    unique: list[Passage] = []
    shingles: list[frozenset[tuple[str, ...]]] = []
    for passage in ranked:
        own = _shingles(passage.text)
        if not any(len(own & other) >= NEARLY_ALL * len(own) for other in shingles):
            unique.append(passage)
            shingles.append(own)
    return unique


def reading_order(ranked: Sequence[Passage]) -> list[Passage]:
    """Items in the order of their best passage, each item's passages as they are written."""
    first: dict[str, int] = {}
    for rank, passage in enumerate(ranked):
        first.setdefault(passage.item_id, rank)
    return sorted(ranked, key=lambda passage: (first[passage.item_id], passage.position))


def _shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Pairs of neighbouring terms; the text itself where there are none."""
    terms = analyse(text)
    return frozenset(pairwise(terms)) or frozenset({(text.strip(),)})
