"""Does feedback improve the ranking of a library, for the queries it was given for and for others?

Needs folders in the BEIR layout (corpus.jsonl, queries.jsonl, qrels/*.tsv): their judgments are the
known truth that simulated users act on.

    python -m benchmarks.ranking.feedback DIR... [--json] [--library KEEP]
        [--sessions 4] [--angry 0.05]

Half of the queries are asked again and again (a session each, some queries far more often than
others), the other half never. A user looks at rank r with probability 1/r, opens what is relevant
with .8 and what is not with .1, and in every fifth session says "up" or "down" of the first passage
looked at; a share of sessions (`--angry`) says "down" to the first passage, whatever it is. What
was said moves the next ranking. Reported: nDCG@10 of asked and of unasked queries before and after,
beside a ranking that counts clicks without caring for position or number (`naive`), and the worst
that one single wrong "down" does.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.scaffold import argument_parser, report
from commonplace import Library
from commonplace.corpus import FeedbackRecord, Verdict
from commonplace.evaluation import open_set, read_beir
from commonplace.foundation.arrays import Float32s
from commonplace.models import TextEncoder, open_encoder
from commonplace.retrieval import FeedbackParameters, RelevanceFeedback, relevance_feedback, spread

DEPTH, SHOWN = 50, 10
LOOKS_RELEVANT, LOOKS_IRRELEVANT, THUMBS = 0.8, 0.1, 0.2
NAIVE = 0.3  # what each click adds in the naive ranking


@dataclass(frozen=True)
class Query:
    """One query: its vector, its results (contents, scores) and what is truly relevant."""

    text: str
    vector: Float32s
    contents: list[str]
    scores: Float32s
    gains: Float32s  # of each result
    ideal: float  # the DCG@10 of all that is relevant


def discounted(gains: Sequence[float] | Float32s) -> float:
    top = np.asarray(gains, np.float64)[:SHOWN]
    return float((top / np.log2(np.arange(2, len(top) + 2))).sum())


def ndcg(query: Query, scores: Float32s) -> float:
    return discounted(query.gains[np.argsort(-scores, kind="stable")]) / query.ideal


def read_queries(folder: Path, place: Path, encoder: TextEncoder) -> list[Query]:
    """Each judged query with its candidates: documents by their best passage."""
    beir = read_beir(folder)
    library, identities, _ = open_set(beir, place)
    return [
        _query(library, text, beir.judgments[name], identities, encoder)
        for name, text in beir.queries.items()
    ]


def _query(
    library: Library,
    text: str,
    relevant: Mapping[str, int],
    identities: Mapping[str, str],
    encoder: TextEncoder,
) -> Query:
    best: dict[str, Any] = {}
    for hit in library.search(text, limit=DEPTH + 10):
        best.setdefault(identities[hit.passage.path], hit)
    documents = list(best)[:DEPTH]
    return Query(
        text,
        encoder.encode_queries([text])[0],
        [best[document].passage.content_hash for document in documents],
        np.array([best[document].score for document in documents], np.float32),
        np.array([max(relevant.get(document, 0), 0) for document in documents], np.float32),
        discounted(sorted((max(g, 0) for g in relevant.values()), reverse=True)) or 1.0,
    )


def shifts(feedback: RelevanceFeedback, query: Query) -> Float32s:
    """What the library's own search adds to the scores of its best passages."""
    adjustments = feedback.adjustments(query.text, query.vector, query.contents)
    return np.asarray(spread(query.scores) * adjustments, np.float32)


class Simulation:
    """One library's users: what they do, and what the two rankings make of it."""

    def __init__(self, queries: list[Query], seed: int, angry: float) -> None:
        self.chance, self.angry = np.random.default_rng(seed), angry
        order = self.chance.permutation(len(queries))
        half = len(queries) // 2
        self.asked = [queries[i] for i in order[:half]]
        self.unasked = [queries[i] for i in order[half:]]
        share = 1.0 / np.arange(1, half + 1)
        self.share = share / share.sum()
        self.day = datetime(2000, 1, 1, tzinfo=UTC)  # each session has its own
        self.records: list[FeedbackRecord] = []
        self.vectors: dict[str, Float32s] = {query.text: query.vector for query in queries}

    def run(self, sessions: int, parameters: FeedbackParameters | None, naive: bool) -> None:
        """So many sessions; the ranking learns after every fifty."""
        for start in range(0, sessions, 50):
            rank = self.ranking(parameters, naive)
            for _ in range(min(50, sessions - start)):
                query = self.asked[self.chance.choice(len(self.asked), p=self.share)]
                self._session(query, rank(query))

    def _session(self, query: Query, scores: Float32s) -> None:
        self.day += timedelta(days=1)
        shown = np.argsort(-scores, kind="stable")[:SHOWN]
        if self.chance.random() < self.angry:
            self._record(query, int(shown[0]), "down", 1)
            return
        thumb = self.chance.random() < THUMBS
        for rank, place in enumerate(shown.tolist(), 1):
            if self.chance.random() > 1 / rank:
                continue
            relevant = query.gains[place] > 0
            if thumb:
                self._record(query, place, "up" if relevant else "down", rank)
                return
            if self.chance.random() < (LOOKS_RELEVANT if relevant else LOOKS_IRRELEVANT):
                self._record(query, place, "opened", rank)

    def _record(self, query: Query, place: int, verdict: Verdict, rank: int) -> None:
        content = query.contents[place]
        self.records.append(
            FeedbackRecord(query.text, content, "", content, verdict, rank, at=self.day)
        )

    def ranking(self, parameters: FeedbackParameters | None, naive: bool) -> Any:
        """A function from a query to its scores after the feedback so far."""
        if naive:
            return lambda query: query.scores + NAIVE * self._clicks(query)
        feedback = relevance_feedback(self.records, self._encode, parameters)
        if feedback is None:
            return lambda query: query.scores
        return lambda query: query.scores + shifts(feedback, query)

    def _encode(self, texts: Sequence[str]) -> Float32s:
        return np.stack([self.vectors[text] for text in texts])

    def _clicks(self, query: Query) -> Float32s:
        value = {"up": 1, "opened": 1, "down": -1, "dismissed": -1}
        count = dict.fromkeys(query.contents, 0)
        for record in self.records:
            if record.query == query.text and record.content in count:
                count[record.content] += value[record.verdict]
        return np.array([count[content] for content in query.contents], np.float32)

    def measure(self, parameters: FeedbackParameters | None, naive: bool) -> dict[str, float]:
        """NDCG@10 of asked queries (as often as they are asked; each once) and of unasked ones."""
        rank = self.ranking(parameters, naive)
        return {
            "asked": float(np.average([ndcg(q, rank(q)) for q in self.asked], weights=self.share)),
            "asked_each": float(np.mean([ndcg(q, rank(q)) for q in self.asked])),
            "unasked": float(np.mean([ndcg(q, rank(q)) for q in self.unasked])),
        }


def one_wrong_down(queries: list[Query], parameters: FeedbackParameters | None) -> float:
    """The mean change of nDCG@10 where a first passage that is relevant got one "down"."""
    changes = []
    for query in queries:
        if query.gains[:1].any():
            content = query.contents[0]
            record = FeedbackRecord(query.text, content, "", content, "down", 1)
            vector = query.vector[None]
            feedback = relevance_feedback([record], lambda _, v=vector: v, parameters)  # type: ignore[misc]
            assert feedback is not None
            moved = query.scores + shifts(feedback, query)
            changes.append(ndcg(query, moved) - ndcg(query, query.scores))
    return float(np.mean(changes))


def measure(
    queries: list[Query], sessions: int, angry: float, parameters: FeedbackParameters | None = None
) -> list[dict[str, Any]]:
    """Means over five simulated libraries."""
    rows = []
    for name, naive in (("before", False), ("learned", False), ("naive", True)):
        figures = []
        for seed in range(5):
            simulation = Simulation(queries, seed, angry)
            if name != "before":
                simulation.run(sessions * len(simulation.asked), parameters, naive)
            figures.append(simulation.measure(parameters, naive))
        means = {key: float(np.mean([each[key] for each in figures])) for key in figures[0]}
        rows.append({"ranking": name} | means)
    return rows


def table(figures: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    yield f"{'set':<12}{'ranking':<10}{'asked':>8}{'each':>8}{'unasked':>9}"
    for each in figures:
        for row in each["rows"]:
            values = f"{row['asked']:>8.4f}{row['asked_each']:>8.4f}{row['unasked']:>9.4f}"
            yield f"{each['set']:<12}{row['ranking']:<10}{values}"
        worst = f"{each['one_wrong_down']:+.4f}"
        yield f"{each['set']:<12}one wrong 'down' on a relevant first: {worst}"


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--library", type=Path, help="keep the libraries here, and use them again")
    parser.add_argument("--sessions", type=int, default=4, help="for each asked query, on average")
    parser.add_argument("--angry", type=float, default=0.05)
    options = parser.parse_args()
    encoder, figures = open_encoder(), []
    for folder in options.folders:
        with tempfile.TemporaryDirectory() as temporary:
            place = (options.library or Path(temporary)) / folder.name
            queries = read_queries(folder, place, encoder)
        rows = measure(queries, options.sessions, options.angry)
        wrong = one_wrong_down(queries, None)
        figures.append({"set": folder.name, "rows": rows, "one_wrong_down": wrong})
    report(options, figures, table(figures))


if __name__ == "__main__":
    main()
