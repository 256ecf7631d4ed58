"""The measures of a ranking, each query's own value, through `ir_measures`."""

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Final

from commonplace.foundation import InputError

MEASURES: Final = ("ndcg@10", "recall@100", "recall@10", "mrr", "map")
Judgments = Mapping[str, Mapping[str, int]]  # query -> unit -> grade; 0: not relevant
Ranked = Mapping[str, Sequence[str]]  # query -> units, best first


def require_measures() -> ModuleType:
    """`ir_measures`, or one sentence on how to have it.

    Raises:
        InputError: it is not installed.
    """
    try:
        import ir_measures
    except ImportError as error:
        raise InputError(
            "evaluation needs the package ir-measures; "
            "run `pip install 'commonplace[evaluate]'` and try again"
        ) from error
    return ir_measures


def measure(judgments: Judgments, ranked: Ranked) -> dict[str, dict[str, float]]:
    """{measure: {query: value}} of every judged query; 0 for a query that found nothing.

    `mrr` and `map` look as deep as the ranking goes. A ranking is compared as a list: equal scores
    play no part.
    """
    ir = require_measures()
    measures = dict(zip(MEASURES, (ir.nDCG @ 10, ir.R @ 100, ir.R @ 10, ir.RR, ir.AP), strict=True))
    qrels = [
        ir.Qrel(query, unit, grade)
        for query, grades in judgments.items()
        for unit, grade in grades.items()
    ]
    run = [
        ir.ScoredDoc(query, unit, 1.0 / place)
        for query in judgments
        for place, unit in enumerate(ranked.get(query, ()), 1)
    ]
    values = {name: dict.fromkeys(judgments, 0.0) for name in MEASURES}
    names = {str(measure): name for name, measure in measures.items()}
    for metric in ir.iter_calc(list(measures.values()), qrels, run):
        values[names[str(metric.measure)]][metric.query_id] = float(metric.value)
    return values
