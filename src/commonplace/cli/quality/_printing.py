"""How an evaluation is printed: a row for each configuration, and what stages and changes did."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from commonplace.cli.terminal.output import bold, columns, cut, dim, flat, pad, say, wrap
from commonplace.cli.terminal.places import short_path

if TYPE_CHECKING:
    from commonplace.evaluation import (
        AnswerReport,
        AnswerRow,
        Comparison,
        LibraryReport,
        RetrievalReport,
        Row,
        Worst,
    )

_WORST = 5  # queries that are shown; --json has more
_CHANGED = 5
_HEADS = {
    "ndcg@10": "nDCG@10",
    "recall@100": "recall@100",
    "recall@10": "R@10",
    "mrr": "MRR",
    "map": "MAP",
}
_WITH_INTERVAL = ("ndcg@10", "recall@100")
_RATES = {
    "answered": ("answered", "of the answerable questions"),
    "right_passage": ("right passage", "of them cite their passage"),
    "right_answer": ("right answer", "of them hold a reference answer"),
    "false_refusal_rate": ("false refusals", "of them are refused"),
    "false_answer_rate": ("false answers", "of the unanswerable questions"),
    "citation_precision": ("citation precision", "of their citations are in it"),
    "citation_recall": ("citation recall", "of the answered cite it"),
}
_OWN_RATES = {
    "answered": ("answered", "of the definitions that were asked for"),
    "right_passage": ("right passage", "of them cite a passage that defines it"),
    "false_answer_rate": ("false answers", "asked of files that never name it"),
}


def print_retrieval(report: "RetrievalReport", kept: Path) -> None:
    """Rows, stages, what changed since, the worst queries."""
    what = f"{report.documents:,} documents, {len(report.queries):,} queries"
    _print_ranking(report, what)
    if report.explanation_error is not None:
        say()
        say(f"largest |score - sum of its terms|: {report.explanation_error:.2g}")
    _print_end(report.notices, kept)


def print_library(report: "LibraryReport", kept: Path) -> None:
    """The same of one's own library, with what its questions were made of, and answers."""
    ranking = report.ranking
    count = len(ranking.queries)
    what = f"{ranking.documents:,} passages, {count:,} quer{'y' if count == 1 else 'ies'}"
    _print_ranking(ranking, f"{what}: {ranking.made_from}")
    _print_sorts(report)
    if report.answers:
        say()
        count = len(report.answers.questions)
        say(bold("answers"), dim(f"  {count} questions made of definitions"))
        shares = report.answers.shares()
        _print_rates(_OWN_RATES, {n: s and s[0] for n, s in shares.items()}, shares)
    _print_end(ranking.notices, kept)


def _print_ranking(report: "RetrievalReport", what: str) -> None:
    for line in wrap(f"{report.set}: {what}", columns()):
        say(bold(line))
    say()
    _print_rows(report.rows)
    if report.comparisons:
        say()
        _print_stages(report.comparisons)
    if report.against:
        _print_against(report.against, report.queries)
    _print_worst(report.worst)


def _print_rows(rows: "Sequence[Row]") -> None:
    """Means, two of them with their intervals, and the time."""
    width = max(len(row.configuration) for row in rows) + 2
    heads = [pad(h, 18) if m in _WITH_INTERVAL else f"{h:>5}" for m, h in _HEADS.items()]
    say(" " * width, dim("  ".join(heads)), dim("   p50 ms"))
    for row in rows:
        cells = [
            pad(
                f"{_share(row.means[m])} {_ends(row.intervals[m]) if row.has_intervals else ''}", 18
            )
            if m in _WITH_INTERVAL
            else f"{_share(row.means[m]):>5}"
            for m in _HEADS
        ]
        say(pad(row.configuration, width), "  ".join(cells), f"{row.p50_ms:>9,.1f}")
        if row.nothing:
            say(" " * width, dim(f"{row.nothing} queries found nothing and count 0"))


def _print_stages(comparisons: "Sequence[Comparison]") -> None:
    """What each stage gained or lost against the one before, and for how many queries."""
    names = [f"{one.before} to {one.after}" for one in comparisons]
    width = max(map(len, names)) + 2
    say(pad("", width), dim("nDCG@10                 better  worse  equal       p"))
    for name, one in zip(names, comparisons, strict=True):
        change = pad(_change(one), 22)
        counts = f"{one.better:>8}{one.worse:>7}{one.equal:>7}"
        line = f"{change}{counts}{_p(one.p):>8}"
        say(pad(name, width), line if one.significant else dim(line))
    if not all(one.significant for one in comparisons):
        say(dim("p of .05 or more: no significant change"))


def _print_against(comparisons: "Iterable[Comparison]", texts: Mapping[str, str]) -> None:
    """Each configuration against the earlier run, and which queries changed most."""
    for one in comparisons:
        say()
        say(
            bold(f"{one.after} against {one.before}"),
            dim(f"  {_HEADS.get(one.measure, one.measure)}"),
        )
        for line in wrap(_verdict(one), max(20, columns() - 2)):
            say("  ", line)
        for change in one.changes[:_CHANGED]:
            values = f"{_share(change.before)} to {_share(change.after)}  "
            room = columns() - len(values) - 4
            say("    ", values, dim(cut(flat(texts.get(change.query, change.query)), room)))


def _verdict(one: "Comparison") -> str:
    if not one.better and not one.worse:
        return f"no change at all: none of {one.queries:,} differs"
    counts = f"{one.better} better, {one.worse} worse, {one.equal} equal"
    change = _change(one)
    if not one.significant:
        return f"no significant change (p {_p(one.p)}): {change}, {counts}"
    return f"{'better' if one.difference > 0 else 'worse'} (p {_p(one.p)}): {change}, {counts}"


def _print_worst(worst: "Sequence[Worst]") -> None:
    """The queries that the last configuration did worst on, and what it ranked first instead."""
    if not worst:
        return
    say()
    say(bold(f"worst queries of {worst[0].configuration}"))
    for one in worst[:_WORST]:
        say("  ", pad(_share(one.value), 6), cut(flat(one.text), columns() - 8))
        where = f"a relevant one is at {one.rank}" if one.rank else "nothing relevant was found"
        first = f"first: {flat(one.first_text)}" if one.first else "nothing was found"
        say(" " * 8, dim(cut(f"{where}; {first}", columns() - 8)))


def _print_sorts(report: "LibraryReport") -> None:
    """nDCG@10 by what the questions were made of."""
    if not report.sorts:
        return
    names = [row.configuration for row in report.ranking.rows]
    say()
    say(bold(pad("nDCG@10 by sort", 18)), dim("".join(f"{name:>8}" for name in ("of", *names))))
    for sort, count, means in report.sorts:
        values = "".join(f"{_share(mean):>8}" for mean in means)
        say(pad(f"  {sort}s", 18), f"{count:>8}", values)


def print_answers(report: "AnswerReport", kept: Path) -> None:
    """Rates and the price of other thresholds, for each reader and condition."""
    row = report.rows[0]
    answerable = sum(one.question.answerable for one in row.outcomes)
    for line in wrap(
        f"{report.set}: {report.passages:,} passages, {len(row.outcomes):,} questions "
        f"({answerable:,} answerable) of {', '.join(report.articles)}",
        columns(),
    ):
        say(bold(line))
    for row in report.rows:
        say()
        say(bold(row.name), dim(f"  p50 {row.p50_ms:,.0f} ms"))
        _print_rates(_RATES, row.rates, row.intervals)
        _print_prices(row)
    texts = {one.question.id: one.question.text for row in report.rows for one in row.outcomes}
    _print_against(report.against, texts)
    _print_end(report.notices, kept)


def _print_rates(
    names: Mapping[str, tuple[str, str]],
    rates: Mapping[str, float | None],
    spans: Mapping[str, object],
) -> None:
    for name, (title, note) in names.items():
        rate, found = rates[name], spans[name]
        ends = found[-1] if isinstance(found, tuple) and isinstance(found[-1], tuple) else found
        shown = f"{_share(rate)} {_ends(ends)}" if rate is not None else "none to count"
        say("  ", pad(title, 19), pad(shown, 21), dim(note))


def _print_prices(row: "AnswerRow") -> None:
    """What would be refused if so many false answers were allowed, where there are so many."""
    unanswerable = sum(not one.question.answerable for one in row.outcomes)
    for allowed, point in row.prices:
        if allowed * unanswerable < 1:
            continue
        refused = f"{point.false_refusal_rate:.0%} of the answerable are refused"
        at = f"(threshold {_share(point.threshold)})"
        say(dim(f"  at {allowed:.0%} false answers {refused} {at}"))


def _print_end(notices: Sequence[str], kept: Path) -> None:
    say()
    for notice in notices:
        for line in wrap(f"note: {notice}", columns()):
            say(dim(line))
    say(dim(f"kept in {short_path(str(kept))}"))


# -------------------------------------------------------------------- numbers


def _share(value: float) -> str:
    """.385, and 1.000 for 1."""
    text = f"{value:.3f}"
    return text[1:] if text.startswith("0") else text


def _ends(interval: object) -> str:
    assert isinstance(interval, tuple), "an interval has two ends"
    return f"[{_share(interval[0])}, {_share(interval[1])}]"


def _signed(value: float) -> str:
    return ("-" if value < 0 else "+") + _share(abs(value))


def _signed_ends(interval: tuple[float, float]) -> str:
    return f"[{_signed(interval[0])}, {_signed(interval[1])}]"


def _change(one: "Comparison") -> str:
    """The difference, with its interval where there are enough queries for one."""
    ends = f" {_signed_ends(one.interval)}" if one.has_interval else ""
    return _signed(one.difference) + ends


def _p(value: float) -> str:
    """.026, or < .001."""
    return "< .001" if value < 0.001 else _share(value)
