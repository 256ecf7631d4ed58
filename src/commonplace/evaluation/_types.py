"""The nouns of an evaluation: rows, comparisons, the worst queries, and reports.

A report's `record` is what `--json` prints and what is saved, so both can be compared with later.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Span = tuple[float, float]  # a 95 % interval
PerQuery = Mapping[str, float]  # a measure's value for each query
MEASURE: Final = "ndcg@10"  # what stages are compared by, and queries called worst by
FEWEST: Final = 10  # queries below which a bootstrap is too narrow to be shown
_DIGITS: Final = 4


def rounded(value: float) -> float:
    """The value with as many digits as are printed and saved."""
    return round(value, _DIGITS)


def span(interval: Span) -> list[float]:
    """An interval as it is printed and saved."""
    return [rounded(end) for end in interval]


@dataclass(frozen=True, slots=True)
class Row:
    """What one configuration reached.

    Attributes:
        configuration: a profile of the ranking.
        values: for each measure its value for every query.
        means: for each measure the mean over all queries.
        intervals: and the 95 % bootstrap interval of that mean.
        p50_ms: the median time of a search, milliseconds.
        nothing: how many queries found nothing at all; they count 0.
    """

    configuration: str
    values: Mapping[str, PerQuery]
    means: Mapping[str, float]
    intervals: Mapping[str, Span]
    p50_ms: float
    nothing: int = 0

    def record(self) -> dict[str, Any]:
        """The row as one flat object; `values` are of the measure that comparisons use."""
        return {
            "configuration": self.configuration,
            **{name: rounded(mean) for name, mean in self.means.items()},
            "p50_ms": round(self.p50_ms, 1),
            "found_nothing": self.nothing,
            "intervals": {name: span(ends) for name, ends in self.intervals.items()},
            "values": self.rounded_values,
        }

    @property
    def has_intervals(self) -> bool:
        """Whether there are enough queries for the intervals to mean anything."""
        return len(self.values[MEASURE]) >= FEWEST

    @property
    def rounded_values(self) -> dict[str, float]:
        """Each query's value of the measure that comparisons use, rounded as in reports."""
        return {query: rounded(value) for query, value in self.values[MEASURE].items()}


@dataclass(frozen=True, slots=True)
class Change:
    """One query's value before and after."""

    query: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two lists of values, paired by query: what the second changed.

    Attributes:
        measure: what is compared.
        before: what came first: a configuration, or the name of an earlier run.
        after: what is compared with it.
        queries: how many are in both.
        difference: mean of after minus before.
        interval: the 95 % bootstrap interval of that mean.
        p: two-sided, of a paired randomisation test.
        better: how many queries gained; `worse` lost, `equal` neither.
        changes: the queries that changed most, largest first.
    """

    measure: str
    before: str
    after: str
    queries: int
    difference: float
    interval: Span
    p: float
    better: int
    worse: int
    equal: int
    changes: tuple[Change, ...] = ()

    @property
    def significant(self) -> bool:
        """Whether p is below .05; not adjusted for how many comparisons are made."""
        return self.p < 0.05

    @property
    def has_interval(self) -> bool:
        """Whether there are enough queries for the interval to mean anything."""
        return self.queries >= FEWEST

    def record(self, texts: Mapping[str, str]) -> dict[str, Any]:
        """The comparison as an object; `texts` are the queries by their ids."""
        names = ("measure", "before", "after", "queries", "better", "worse", "equal")
        return {
            **{name: getattr(self, name) for name in names},
            "difference": rounded(self.difference),
            "interval": span(self.interval),
            "p": rounded(self.p),
            "significant": self.significant,
            "changes": [
                {
                    "query": change.query,
                    "text": texts.get(change.query, ""),
                    "before": rounded(change.before),
                    "after": rounded(change.after),
                }
                for change in self.changes
            ],
        }


@dataclass(frozen=True, slots=True)
class Worst:
    """A query that a configuration did badly on.

    Attributes:
        configuration: which.
        query: its id; `text`: its words.
        value: of the measure that queries are called worst by.
        first: what was ranked first instead; `first_text`: how it begins ("": nothing was found).
        relevant: what should have been.
        rank: the rank of the first of these; None: not among the units that are judged.
    """

    configuration: str
    query: str
    text: str
    value: float
    first: str
    first_text: str
    relevant: tuple[str, ...]
    rank: int | None

    def record(self) -> dict[str, Any]:
        """The query as an object."""
        return {
            "configuration": self.configuration,
            "query": self.query,
            "text": self.text,
            MEASURE: rounded(self.value),
            "first": self.first,
            "first_text": self.first_text,
            "relevant": list(self.relevant),
            "relevant_rank": self.rank,
        }


@dataclass(frozen=True, slots=True)
class RetrievalReport:
    """The measurements of a ranking.

    Attributes:
        set: its name; `hash` tells whether two sets of this name are the same.
        made_from: where the judgments come from, in words.
        documents: how many things could be found (documents of a set, passages of a library).
        queries: the text of every query that was searched, by id.
        rows: a row for each configuration, in the order of the stages.
        comparisons: each row with the one before.
        worst: the worst queries of the last row.
        against: each row with the same configuration of an earlier run, if one was named.
        notices: what a reader of the numbers should know, one sentence each.
        explanation_error: how far a BM25 score is from the sum of its terms at most, if asked.
    """

    set: str
    hash: str
    made_from: str
    documents: int
    queries: Mapping[str, str]
    rows: tuple[Row, ...]
    comparisons: tuple[Comparison, ...]
    worst: tuple[Worst, ...]
    against: tuple[Comparison, ...] = ()
    notices: tuple[str, ...] = ()
    explanation_error: float | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """The report as the object that is printed and saved."""
        record = {
            "kind": "retrieval",
            "set": self.set,
            "hash": self.hash,
            "made_from": self.made_from,
            "documents": self.documents,
            "queries": len(self.queries),
            "rows": [row.record() for row in self.rows],
            "comparisons": [each.record(self.queries) for each in self.comparisons],
            "against": [each.record(self.queries) for each in self.against],
            "worst": [worst.record() for worst in self.worst],
            "notices": list(self.notices),
            "seconds": dict(self.seconds),
        }
        if self.explanation_error is not None:
            record["explanation_error"] = self.explanation_error
        return record
