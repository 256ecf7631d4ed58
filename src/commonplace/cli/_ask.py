"""`commonplace ask`: an answer, every sentence cited, the closest quotes in doubt, or a refusal."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click

from commonplace.cli.arguments import options
from commonplace.cli.arguments.verb import verb
from commonplace.cli.terminal.output import bold, dim, flat, paint, print_json, say
from commonplace.cli.terminal.places import place, short_path, title_line
from commonplace.cli.terminal.widths import columns, text_columns, wrap
from commonplace.foundation import count_of
from commonplace.library import answer_record, citation_id

if TYPE_CHECKING:
    from commonplace import Answer, Citation, Filter, Refusal, Unsure
    from commonplace.answers import Caution, Outcome, Reply, Sentence, WornAdapter
    from commonplace.models import Generation

# The exit codes, so that a script can tell the outcomes apart; 2 is bad usage everywhere.
_EXIT_CODES: "dict[Outcome, int]" = {"answered": 0, "refused": 1, "unsure": 3}


@verb(
    "Answer a question from the library, every sentence cited.",
    'commonplace ask "Why does LoRA use two matrices?"',
    'commonplace ask "What is oversubscription?" --as-of 2026-01-01',
    'commonplace ask "Why does LoRA use two matrices?" --wear notes.safetensors',
)
@click.argument("question", nargs=-1, required=True, metavar="QUESTION...")
@click.option(
    "--model",
    metavar="SPEC",
    help="Let a model write: SmolLM2-135M-Instruct, a GGUF file, or http://HOST:PORT/v1#NAME.",
)
@options.wear_options
@click.option(
    "--caution",
    type=click.Choice(["low", "normal", "high", "highest"]),
    default="normal",
    show_default=True,
    help=(
        "How much to avoid false answers. Share of unanswerable questions of notes that are "
        "answered, and of answerable ones that are answered right: low 20 % and 58 %, normal 10 % "
        "and 53 %, high 5 % and 47 %, highest 2 % and 37 %."
    ),
)
@click.option("--strict", is_flag=True, help="Refuse where the library is unsure.")
@options.selection_options
@options.json_option
@options.library_option
def ask(
    question: tuple[str, ...],
    model: str | None,
    wear: tuple[str, ...],
    force_wear: bool,
    caution: "Caution",
    strict: bool,
    filter: "Filter",
    as_json: bool,
) -> None:
    """Answer a question from the library, every sentence cited.

    The exit code is 1 if the library holds no answer, and 3 if it is unsure: then the closest
    quotes are shown, and what is in doubt.
    """
    from commonplace.answers import CAUTION

    answer = options.open_library().ask(
        " ".join(question),
        filter=filter,
        model=model,
        threshold=CAUTION[caution],
        strict=strict,
        wear=wear,
        force_wear=force_wear,
    )
    if as_json:
        print_json(answer_record(answer))
    else:
        _print_outcome(answer, filter.as_of)
    click.get_current_context().exit(_EXIT_CODES[answer.outcome])


def _print_outcome(answer: "Reply", as_of: datetime | None) -> None:
    from commonplace import Answer, Unsure

    if isinstance(answer, Answer):
        _print_answer(answer, as_of)
    elif isinstance(answer, Unsure):
        _print_unsure(answer, as_of)
    else:
        _print_refusal(answer)


def _print_answer(answer: "Answer", as_of: datetime | None) -> None:
    width = text_columns()
    citations = {_key(c): c for sentence in answer.sentences for c in _cited(sentence)}
    numbers = {key: number for number, key in enumerate(citations, 1)}
    marked = [_marked(sentence, numbers) for sentence in answer.sentences]
    for line in wrap(" ".join(marked), width):
        say(line)
    for part in answer.missing:
        say(paint(f"Not answered: {part}", fg="yellow"))
    say()
    sentences = {flat(sentence.text) for sentence in answer.sentences}
    for key, citation in citations.items():
        _print_source(numbers[key], citation)
        if flat(citation.quote) not in sentences:
            _print_quote(numbers[key], citation, dim)
        _print_change(numbers[key], citation)
    oldest, newest = (f"{when.astimezone():%Y-%m-%d}" for when in (answer.oldest, answer.newest))
    written = f"sources written {oldest}" + (f" to {newest}" if newest != oldest else "")
    _print_footer(answer, as_of, written)


def _cited(sentence: "Sentence") -> "list[Citation]":
    """What a sentence rests on, and what it supersedes."""
    return [*sentence.citations, *(earlier.citation for earlier in sentence.superseded)]


def _marked(sentence: "Sentence", numbers: Mapping[tuple[str, int, int], int]) -> str:
    """A sentence with the numbers of its sources, and what it says of an earlier time."""

    def marks(citations: "Iterable[Citation]") -> str:
        return "".join(f"[{numbers[_key(citation)]}]" for citation in citations)

    text = f"{flat(sentence.text)} {marks(sentence.citations)}"
    if not sentence.note:
        return text
    return f"{text} ({flat(sentence.note)} {marks(e.citation for e in sentence.superseded)})"


def _print_unsure(unsure: "Unsure", as_of: datetime | None) -> None:
    """Print the closest quotes, each on lines of its own so that they do not read as an answer."""
    width = text_columns()
    if unsure.outline:
        say(bold("What there is to read:"))
        for heading in unsure.outline:
            say(f"  {flat(heading)}")
    else:
        say(bold("The library may say this:"))
    for number, citation in enumerate(unsure.closest, 1):
        say()
        _print_source(number, citation)
        _print_quote(number, citation, str)
        _print_change(number, citation)
    say()
    doubt = unsure.reason if unsure.outline else f"in doubt, because {unsure.reason}"
    for line in wrap(f"{doubt[0].upper()}{doubt[1:].rstrip('.')}.", width):
        say(line)
    if unsure.outline:
        say("`commonplace ask --model SPEC` names one.")
    _print_footer(unsure, as_of)
    _print_way_to_reasons(unsure)


def _key(citation: "Citation") -> tuple[str, int, int]:
    return citation.passage.id, citation.start, citation.end


def _print_source(number: int, citation: "Citation") -> None:
    """Print mark, place and heading."""
    say(bold(f"[{number}] "), place(citation.passage, citation.locator))
    margin = _margin(number)
    name = citation_id(citation)
    room = columns() - len(margin) - len(name) - 2
    say(margin, title_line(citation.passage, room), dim(f"  {name}"))


def _print_quote(number: int, citation: "Citation", style: Callable[[str], str]) -> None:
    margin = _margin(number)
    for line in wrap(f"“{citation.quote}”", text_columns() - len(margin)):
        say(margin, style(line))


def _print_change(number: int, citation: "Citation") -> None:
    if citation.changed:
        changed = f"this source has changed: {citation.changed}"
        say(_margin(number), paint(changed, fg="yellow"))


def _margin(number: int) -> str:
    return " " * len(f"[{number}] ")


def _print_footer(answer: "Answer | Unsure", as_of: datetime | None, *first: str) -> None:
    moment = [f"as of {as_of.astimezone():%Y-%m-%d %H:%M}"] if as_of else []
    seconds = sum(answer.timings.values())
    say()
    say(dim(" · ".join([*first, *moment, answer.reader, f"{seconds:.1f} s"])))
    _print_worn(answer.worn)
    _print_unsupported(answer.unsupported)
    _print_drafts(answer.speculation)


def _print_worn(worn: "tuple[WornAdapter, ...]") -> None:
    """Print each adapter with its strength, and whether it is stale."""
    for adapter in worn:
        strength = "" if adapter.strength == 1 else f" at strength {adapter.strength:g}"
        unchecked = f": {adapter.unchecked}" if adapter.unchecked else ""
        say(dim(f"wore {adapter.path}{strength}{unchecked}"))
        if adapter.stale:
            count = len(adapter.stale)
            items = "an item" if count == 1 else f"{count} items"
            changed = f"{items} that it was trained on {'has' if count == 1 else 'have'} changed"
            say(paint(f"  it is stale: {changed} or gone since", fg="yellow"))


def _print_drafts(generation: "Generation | None") -> None:
    from commonplace.models import NOT_ASKED

    if generation and generation.off and generation.off != NOT_ASKED:
        say(dim(f"nothing drafted: {generation.off}"))
    elif generation and generation.drafted:
        gain = f": {generation.speed_up:.2f} times as fast" if generation.speed_up else ""
        drafts = f"{generation.accepted} of {generation.drafted} drafted tokens were right"
        say(dim(f"{drafts}{gain}"))


def _print_unsupported(count: int) -> None:
    if count:
        say(dim(f"{count_of(count, 'sentence')} left out: not supported"))


def _print_refusal(refusal: "Refusal") -> None:
    reason = f": {refusal.reason.rstrip('.')}." if refusal.reason else "."
    for line in wrap(f"The library does not answer this{reason}", text_columns()):
        say(bold(line))
    _print_worn(refusal.worn)
    _print_unsupported(refusal.unsupported)
    if refusal.nearest:
        say()
        say(dim("nearest, without answering it:"))
        for name in refusal.nearest:
            say("  ", short_path(name))
    if refusal.assessment:
        say()
    _print_way_to_reasons(refusal)


def _print_way_to_reasons(outcome: "Unsure | Refusal") -> None:
    if outcome.assessment:
        say(dim("`commonplace explain` says what spoke against an answer"))
