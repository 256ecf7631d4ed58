"""What `search --explain` prints: each term's share of the BM25 score, and every other number."""

from collections.abc import Sequence
from math import fsum
from typing import TYPE_CHECKING

from commonplace.cli._terminal import cut, dim, pad, say

if TYPE_CHECKING:
    from commonplace import Hit
    from commonplace.retrieval import Explanation, TermContribution

_HEADS = ("in query", "in passage", "in passages", "idf", "adds")


def print_explanation(hit: "Hit", margin: str) -> None:
    """The table of terms, which adds up to the BM25 score, and a line for each further stage."""
    why = hit.explanation
    if why is None:
        return
    say(margin)
    if why.terms:
        _print_terms(why.terms, margin)
    for name, value, note in _stages(why, hit.score):
        say(margin, pad(name, 10), f"{value:>10.4f}", dim(f"  {note}" if note else ""))


def _print_terms(terms: "Sequence[TermContribution]", margin: str) -> None:
    width = min(24, max(len("term"), *(len(term.term) for term in terms)))
    header = pad("term", width) + "".join(f"{head:>{_wide(head)}}" for head in _HEADS)
    say(margin, dim(header))
    for term in terms:
        values = (f"{term.query_count}", f"{term.tf}", f"{term.df}", f"{term.idf:.4f}")
        row = [*values, f"{term.weight:.4f}"]
        numbers = "".join(f"{v:>{_wide(h)}}" for v, h in zip(row, _HEADS, strict=True))
        say(margin, pad(cut(term.term, width), width), numbers)
    total = f"{fsum(term.weight for term in terms):.4f}"
    say(margin, pad("sum", width), f"{total:>{sum(map(_wide, _HEADS))}}")
    say(margin, dim("statistics are those of all passages, also under a filter"))


def _wide(head: str) -> int:
    return max(len(head) + 2, 9)


def _stages(why: "Explanation", score: float) -> list[tuple[str, float, str]]:
    """(name, value, note) of every stage that ran, in their order."""
    stages = [
        ("bm25", why.bm25, _rank(why.bm25_rank)),
        ("cosine", why.cosine, _rank(why.dense_rank)),
        ("fused", why.fused, _rank(why.fused_rank)),
        ("reranked", why.reranked, ""),
        ("score", score, ""),
    ]
    return [(name, value, note) for name, value, note in stages if value is not None]


def _rank(rank: int | None) -> str:
    return f"rank {rank}" if rank else "not among its candidates"
