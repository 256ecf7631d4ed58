"""Print an evaluation: a row for each configuration, and the effect of stages and changes."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from commonplace.cli.terminal.output import bold, dim, flat, say
from commonplace.cli.terminal.places import short_path
from commonplace.cli.terminal.widths import columns, cut, pad, wrap
from commonplace.foundation import count_of

if TYPE_CHECKING:
    from commonplace import evaluation

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
    "wrong_answer": ("wrong answer", "of them are answered without one"),
    "unsure": ("unsure", "of them get the closest quotes"),
    "evidence_closest": ("unsure, evidence", "of them: a closest quote of the passage holds it"),
    "right_or_closest": ("right or closest", "of them: a right answer, or such a quote"),
    "refused": ("refused", "of them get neither an answer nor a quote"),
    "false_refusal_rate": ("false refusals", "of them are not answered: unsure or refused"),
    "false_answer_rate": ("false answers", "of the unanswerable questions"),
    "unanswerable_unsure": ("unsure of those", "of the unanswerable get the closest quotes"),
    "unanswerable_refused": ("rightly refused", "of the unanswerable are refused"),
    "citation_precision": ("citation precision", "of the citations are in their passage"),
    "citation_recall": ("citation recall", "of the answered cite it"),
}
_OWN_RATES = {
    "answered": ("answered", "of the definitions that were asked for"),
    "right_passage": ("right passage", "of them cite a passage that defines it"),
    "unsure_rate": ("unsure", "of them get the closest quotes"),
    "false_answer_rate": ("false answers", "asked of files that never name it"),
}


def print_retrieval(report: "evaluation.RetrievalReport", file: Path) -> None:
    """Print rows, stages, what changed since an earlier run, and the worst queries."""
    _print_ranking(report, f"{report.documents:,} documents, {len(report.queries):,} queries")
    if report.explanation_error is not None:
        say()
        say(f"largest |score - sum of its terms|: {report.explanation_error:.2g}")
    _print_end(report.notices, file)


def print_library(report: "evaluation.LibraryReport", file: Path) -> None:
    """Print the same of one's own library, with the sorts of questions, and answers."""
    ranking = report.ranking
    count = len(ranking.queries)
    sizes = f"{ranking.documents:,} passages, {count_of(count, 'query', 'queries')}"
    _print_ranking(ranking, f"{sizes}: {ranking.made_from}")
    _print_sorts(report)
    if report.answers:
        say()
        count = len(report.answers.questions)
        say(bold("answers"), dim(f"  {count} questions made of definitions"))
        shares = report.answers.shares()
        _print_rates(_OWN_RATES, {n: s and s[0] for n, s in shares.items()}, shares)
    _print_end(ranking.notices, file)


def _print_ranking(report: "evaluation.RetrievalReport", sizes: str) -> None:
    for line in wrap(f"{report.set}: {sizes}", columns()):
        say(bold(line))
    say()
    _print_rows(report.rows)
    if report.comparisons:
        say()
        _print_stages(report.comparisons)
    if report.against:
        _print_against(report.against, report.queries)
    _print_worst(report.worst)


def _print_rows(rows: "Sequence[evaluation.Row]") -> None:
    """Print the means, two of them with their intervals, and the time."""
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


def _print_stages(comparisons: "Sequence[evaluation.Comparison]") -> None:
    """Print what each stage gained or lost against the one before, and for how many queries."""
    names = [f"{comparison.before} to {comparison.after}" for comparison in comparisons]
    width = max(map(len, names)) + 2
    say(pad("", width), dim("nDCG@10                 better  worse  equal       p"))
    for name, comparison in zip(names, comparisons, strict=True):
        change = pad(_change(comparison), 22)
        counts = f"{comparison.better:>8}{comparison.worse:>7}{comparison.equal:>7}"
        line = f"{change}{counts}{_p(comparison.p):>8}"
        say(pad(name, width), line if comparison.significant else dim(line))
    if not all(comparison.significant for comparison in comparisons):
        say(dim("p of .05 or more: no significant change"))


def _print_against(
    comparisons: "Iterable[evaluation.Comparison]", texts: Mapping[str, str]
) -> None:
    """Print each configuration against the earlier run, and which queries changed most."""
    for comparison in comparisons:
        say()
        say(
            bold(f"{comparison.after} against {comparison.before}"),
            dim(f"  {_HEADS.get(comparison.measure, comparison.measure)}"),
        )
        for line in wrap(_verdict(comparison), max(20, columns() - 2)):
            say("  ", line)
        for change in comparison.changes[:_CHANGED]:
            values = f"{_share(change.before)} to {_share(change.after)}  "
            room = columns() - len(values) - 4
            say("    ", values, dim(cut(flat(texts.get(change.query, change.query)), room)))


def _verdict(comparison: "evaluation.Comparison") -> str:
    if not comparison.better and not comparison.worse:
        return f"no change at all: none of {comparison.queries:,} differs"
    counts = f"{comparison.better} better, {comparison.worse} worse, {comparison.equal} equal"
    word = "better" if comparison.difference > 0 else "worse"
    word = word if comparison.significant else "no significant change"
    return f"{word} (p {_p(comparison.p)}): {_change(comparison)}, {counts}"


def _print_worst(worst: "Sequence[evaluation.Worst]") -> None:
    """Print the worst queries of the last configuration, and what it ranked first instead."""
    if not worst:
        return
    say()
    say(bold(f"worst queries of {worst[0].configuration}"))
    for query in worst[:_WORST]:
        say("  ", pad(_share(query.value), 6), cut(flat(query.text), columns() - 8))
        where = f"a relevant one is at {query.rank}" if query.rank else "nothing relevant was found"
        first = f"first: {flat(query.first_text)}" if query.first else "nothing was found"
        say(" " * 8, dim(cut(f"{where}; {first}", columns() - 8)))


def _print_sorts(report: "evaluation.LibraryReport") -> None:
    """Print nDCG@10 by what the questions were made of."""
    if not report.sorts:
        return
    names = [row.configuration for row in report.ranking.rows]
    say()
    say(bold(pad("nDCG@10 by sort", 18)), dim("".join(f"{name:>8}" for name in ("of", *names))))
    for sort, count, means in report.sorts:
        values = "".join(f"{_share(mean):>8}" for mean in means)
        say(pad(f"  {sort}s", 18), f"{count:>8}", values)


def print_answers(report: "evaluation.AnswerReport", file: Path) -> None:
    """Print the rates and the price of other thresholds, for each reader and condition."""
    row = report.rows[0]
    answerable = sum(outcome.question.answerable for outcome in row.outcomes)
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
    questions = [outcome.question for row in report.rows for outcome in row.outcomes]
    texts = {question.id: question.text for question in questions}
    _print_against(report.against, texts)
    _print_end(report.notices, file)


def _print_rates(
    names: Mapping[str, tuple[str, str]],
    rates: Mapping[str, float | None],
    spans: Mapping[str, object],
) -> None:
    for name, (title, note) in names.items():
        rate, span = rates[name], spans[name]
        ends = span[-1] if isinstance(span, tuple) and isinstance(span[-1], tuple) else span
        value = f"{_share(rate)} {_ends(ends)}" if rate is not None else "none to count"
        say("  ", pad(title, 19), pad(value, 21), dim(note))


def _print_prices(row: "evaluation.AnswerRow") -> None:
    """Print what would not be answered if so many false answers were allowed."""
    unanswerable = sum(not outcome.question.answerable for outcome in row.outcomes)
    for allowed, point in row.prices:
        if allowed * unanswerable < 1:
            continue
        unanswered = f"{point.false_refusal_rate:.0%} of the answerable are not answered"
        at = f"(threshold {_share(point.threshold)})"
        say(dim(f"  at {allowed:.0%} false answers {unanswered} {at}"))


def _print_end(notices: Sequence[str], file: Path) -> None:
    say()
    for notice in notices:
        for line in wrap(f"note: {notice}", columns()):
            say(dim(line))
    say(dim(f"kept in {short_path(str(file))}"))


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


def _change(comparison: "evaluation.Comparison") -> str:
    """The difference, with its interval where there are enough queries for one."""
    low, high = map(_signed, comparison.interval)
    return _signed(comparison.difference) + (f" [{low}, {high}]" if comparison.has_interval else "")


def _p(value: float) -> str:
    """.026, or < .001."""
    return "< .001" if value < 0.001 else _share(value)
