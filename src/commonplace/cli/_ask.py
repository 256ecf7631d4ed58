"""`commonplace ask`: an answer in which every sentence is cited, or a refusal."""

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
    from commonplace import Answer, Citation, Filter, Refusal
    from commonplace.answers import Caution, WornAdapter
    from commonplace.models import Generation

_REFUSED = 1  # the exit code, so that a script can tell a refusal from an answer


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
        "How much to avoid false answers. Share of trick questions that are answered, and of good "
        "questions that are refused: low 54 % and 18 %, normal 36 % and 32 %, high 11 % and 70 %, "
        "highest 3 % and 90 %."
    ),
)
@options.selection_options
@options.json_option
@options.library_option
def ask(
    question: tuple[str, ...],
    model: str | None,
    wear: tuple[str, ...],
    force_wear: bool,
    caution: "Caution",
    filter: "Filter",
    as_json: bool,
) -> None:
    """Answer a question from the library, every sentence cited.

    The exit code is 1 if the library holds no answer.
    """
    from commonplace import Answer
    from commonplace.answers import CAUTION

    answer = options.open_library().ask(
        " ".join(question),
        filter=filter,
        model=model,
        threshold=CAUTION[caution],
        wear=wear,
        force_wear=force_wear,
    )
    if as_json:
        print_json(answer_record(answer))
    elif isinstance(answer, Answer):
        _print_answer(answer, filter.as_of)
    else:
        _print_refusal(answer)
    if not isinstance(answer, Answer):
        click.get_current_context().exit(_REFUSED)


def _print_answer(answer: "Answer", as_of: datetime | None) -> None:
    width = text_columns()
    citations = {_key(c): c for sentence in answer.sentences for c in sentence.citations}
    numbers = {key: number for number, key in enumerate(citations, 1)}
    marked = [
        f"{flat(sentence.text)} {''.join(f'[{numbers[_key(c)]}]' for c in sentence.citations)}"
        for sentence in answer.sentences
    ]
    for line in wrap(" ".join(marked), width):
        say(line)
    say()
    sentences = {flat(sentence.text) for sentence in answer.sentences}
    for key, citation in citations.items():
        _print_source(numbers[key], citation, sentences, width)
    _print_footer(answer, as_of)


def _key(citation: "Citation") -> tuple[str, int, int]:
    return citation.passage.id, citation.start, citation.end


def _print_source(number: int, citation: "Citation", sentences: set[str], width: int) -> None:
    """Print mark, place and heading, and the quote unless it is a sentence of the answer."""
    say(bold(f"[{number}] "), place(citation.passage, citation.locator))
    margin = " " * len(f"[{number}] ")
    name = citation_id(citation)
    room = columns() - len(margin) - len(name) - 2
    say(margin, title_line(citation.passage, room), dim(f"  {name}"))
    if flat(citation.quote) not in sentences:
        for line in wrap(f"“{citation.quote}”", width - len(margin)):
            say(margin, dim(line))
    if citation.changed:
        say(margin, paint(f"this source has changed: {citation.changed}", fg="yellow"))


def _print_footer(answer: "Answer", as_of: datetime | None) -> None:
    oldest, newest = (f"{when.astimezone():%Y-%m-%d}" for when in (answer.oldest, answer.newest))
    written = f"sources written {oldest}" + (f" to {newest}" if newest != oldest else "")
    moment = f" · as of {as_of.astimezone():%Y-%m-%d %H:%M}" if as_of else ""
    seconds = sum(answer.timings.values())
    say()
    say(dim(f"{written}{moment} · {answer.reader} · {seconds:.1f} s"))
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
        say(dim("`commonplace explain` says what spoke against an answer"))
