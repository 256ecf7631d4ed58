"""Why the last question had its outcome: `commonplace explain` without an argument.

Notable: the question is not asked again. The log keeps what each signal added to the confidence,
so the explanation is of that very answer, also after the library has changed.
"""

from collections.abc import Sequence
from math import fsum, log
from typing import TYPE_CHECKING, Any

from commonplace.cli.terminal.output import bold, dim, flat, print_json, say
from commonplace.cli.terminal.places import place, title_line
from commonplace.cli.terminal.widths import columns, cut, pad, wrap
from commonplace.foundation import InputError, count_of
from commonplace.library import reasons_record

if TYPE_CHECKING:
    from commonplace import Library
    from commonplace.library.record_types import DecisionRecord, ReasonRecord

_LOGGED = 200  # records among which the last question is looked for
_SHOWN = 4  # reasons of each side that have a line of their own
_BAR = 12  # cells of the longest bar


def explain_decision(library: "Library", as_json: bool) -> None:
    """Print what spoke for and against an answer to the last question.

    Raises:
        InputError: nothing was asked yet, or the log has no reasons for it.
    """
    last = next((r for r in library.log(_LOGGED) if r.get("verb") == "ask"), None)
    if last is None:
        raise InputError(
            "nothing was asked yet; `commonplace explain` says why the last question was answered, "
            "unsure or refused, `commonplace explain 2` why a passage has its place"
        )
    if not last.get("assessment"):
        raise InputError(
            f"of “{last.get('query', '')}” no reasons were kept; ask it again to have it explained"
        )
    decision = reasons_record(last)
    if as_json:
        print_json(decision)
        return
    _print_verdict(decision)
    _print_judged(library, decision["sentence"])
    if decision["reasons"]:
        _print_reasons(decision)
    for sentence in decision["left_out"]:
        say(f"left out: “{flat(sentence['text'])}”", dim(f"  {sentence['reason']}"))


def _print_verdict(decision: "DecisionRecord") -> None:
    confidence, threshold = decision["confidence"], decision["threshold"]
    why = f"confidence {confidence:.2f}, answered from {threshold:.2f} on"
    say(bold(f"{decision['outcome']}: "), f"“{cut(flat(decision['question']), columns() - 14)}”")
    say(dim(why if decision["reasons"] else "nothing was found that could be read for it"))
    if confidence >= threshold and not decision["answered"]:
        say(dim("what was written for it is not supported"))


def _print_judged(library: "Library", citation: str | None) -> None:
    """Print the sentence that was judged, if the library still has it."""
    if citation is None:
        return
    try:
        passage, start, end = library.find(citation)
    except InputError:
        say(dim("the sentence that came nearest is no longer in the library"))
        return
    say()
    for line in wrap(f"“{passage.text[start:end]}”", min(columns(), 100) - 2):
        say("  ", line)
    say("  ", title_line(passage, columns() - 2))
    say("  ", dim(place(passage)))


def _print_reasons(decision: "DecisionRecord") -> None:
    """Print the strongest reasons of both sides as bars, and the others as one number."""
    reasons, threshold = decision["reasons"], decision["threshold"]
    most = max(abs(reason["adds"]) for reason in reasons)
    for head, side in (
        ("for an answer", [r for r in reasons if r["adds"] > 0]),
        ("against one", [r for r in reasons if r["adds"] < 0]),
    ):
        if side:
            say()
            say(dim(head))
            _print_side(side, most)
    say()
    _line(decision["start"], "", "where an average question begins")
    _line(decision["logit"], "", f"together: a confidence of {decision['confidence']:.2f}", bold)
    if 0 < threshold < 1:  # elsewhere the odds have no logarithm
        _line(log(threshold / (1 - threshold)), "", f"needed: a confidence of {threshold:.2f}")


def _print_side(side: "Sequence[ReasonRecord]", most: float) -> None:
    for reason in side[:_SHOWN]:
        mark = "+" if reason["adds"] > 0 else "-"
        bar = mark * max(1, round(_BAR * abs(reason["adds"]) / most))
        measured = f" ({reason['measured']})" if reason["measured"] else ""
        _line(reason["adds"], bar, f"{reason['phrase']}{measured}")
    if rest := side[_SHOWN:]:
        total = fsum(reason["adds"] for reason in rest)
        _line(total, "", count_of(len(rest), "weaker one"))


def _line(adds: float, bar: str, text: str, style: Any = str) -> None:
    # 7 columns of a number, and 2 blanks on both sides of the bar, are the 11.
    say(f"{adds:>+7.2f}  ", dim(pad(bar, _BAR)), "  ", style(cut(text, columns() - _BAR - 11)))
