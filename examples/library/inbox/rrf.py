"""Reciprocal rank fusion, small enough to keep in the inbox.

Cormack, Clarke, Buettcher: "Reciprocal Rank Fusion outperforms Condorcet and individual Rank
Learning Methods", SIGIR 2009. They use k = 60.
See also https://arxiv.org/abs/2104.08663 (BEIR) for sets to try it on.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence


def fuse(rankings: Iterable[Sequence[str]], k: float = 60.0) -> list[str]:
    """Merge several rankings of document names into one, best first."""
    score: dict[str, float] = defaultdict(float)
    for ranking in rankings:
        for rank, name in enumerate(ranking, start=1):
            score[name] += 1.0 / (k + rank)
    # Ranks need no calibration: a cosine and a BM25 score never have to be compared.
    return sorted(score, key=lambda name: (-score[name], name))


if __name__ == "__main__":
    # TODO weights per ranking?
    print(fuse([["bm25.md", "rag.md", "lora.md"], ["rag.md", "simclr.md", "bm25.md"]]))
