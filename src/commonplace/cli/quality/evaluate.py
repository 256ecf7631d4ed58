"""`commonplace evaluate`: measure ranking and answers, on public sets and on one's own library."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from commonplace.cli.arguments import options
from commonplace.cli.arguments.verb import Verb, VerbGroup
from commonplace.cli.quality._printing import print_answers, print_library, print_retrieval
from commonplace.cli.terminal.output import announce, print_json
from commonplace.cli.terminal.progress import progress_bars
from commonplace.foundation import silent

if TYPE_CHECKING:
    from commonplace.evaluation import By

_FOLDER = click.Path(path_type=Path)
_against = click.option(
    "--against", metavar="last|FILE", help="Compare with the last kept report, or with FILE."
)
_keep = click.option(
    "--keep",
    metavar="FILE",
    type=_FOLDER,
    help="Keep the report in FILE [a file in your data folder].",
)
_only = click.option(
    "--only",
    metavar="PROFILES",
    default="",
    help="Measure only these, as bm25,fast [bm25,dense,fast,best].",
)
_kept_library = click.option(
    "--library",
    metavar="DIR",
    type=_FOLDER,
    help="Keep the set's files and library in DIR, and use them again.",
)


@click.group(
    cls=VerbGroup,
    short_help="Measure ranking and answers.",
    invoke_without_command=True,
    subcommand_metavar="[retrieval DIR | answers DIR]",
    examples=(
        "commonplace evaluate",
        "commonplace evaluate --against last",
        "commonplace evaluate retrieval beir/scifact --only bm25,fast",
        "commonplace evaluate answers qa/squad2 --sample 25",
    ),
)
@click.option(
    "--by",
    type=click.Choice(("judgments", "known-items")),
    metavar="WHAT",
    help="judgments [if you gave any], or known-items: questions that are made from the library.",
)
@_only
@options.count_option("--questions", default=200, text="Make at most N questions")
@options.count_option(
    "--answers", default=20, minimum=0, text="Ask for N of the library's definitions"
)
@_against
@_keep
@options.json_option
@options.library_option
@click.pass_context
def evaluate(
    ctx: click.Context,
    by: str | None,
    only: str,
    questions: int,
    answers: int,
    against: str | None,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Measure ranking and answers on your own library, or on a public set."""
    if ctx.invoked_subcommand:
        _refuse_options_before(ctx)
        return
    from commonplace.evaluation import evaluate_library

    with progress_bars() as bars:
        report, file = evaluate_library(
            options.open_library(),
            by=cast("By | None", by),
            only=_names(only),
            questions=questions,
            answers=answers,
            against=against,
            keep_in=keep,
            progress=bars.progress if bars else silent,
        )
    if as_json:
        print_json({**report.record(), "kept": str(file)})
    else:
        print_library(report, file)


@evaluate.command(
    cls=Verb,
    short_help="Measure the ranking on a set in the BEIR layout.",
    examples=(
        "commonplace evaluate retrieval beir/scifact",
        "commonplace evaluate retrieval beir/scifact --library ~/kept --against last",
    ),
)
@click.argument("folder", type=_FOLDER, metavar="DIR")
@_only
@click.option(
    "--limit", default=0, type=click.IntRange(0), metavar="N", help="Use only N queries [all]."
)
@click.option("--explain", is_flag=True, help="Check that the terms of a score add up to it.")
@_kept_library
@_against
@_keep
@options.json_option
def retrieval(
    folder: Path,
    only: str,
    limit: int,
    explain: bool,
    library: Path | None,
    against: str | None,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Measure the ranking on a set in the BEIR layout: corpus.jsonl, queries.jsonl, qrels/*.tsv.

    Every document becomes a file of a library of its own, and ranks as its best passage.
    """
    from commonplace.evaluation import evaluate_retrieval

    with progress_bars() as bars:
        report, file = evaluate_retrieval(
            folder,
            only=_names(only),
            library=_place(library),
            against=against,
            keep_in=keep,
            limit=limit,
            explain=explain,
            progress=bars.progress if bars else silent,
            announce=announce,
        )
    if as_json:
        print_json({**report.record(), "kept": str(file)})
    else:
        print_retrieval(report, file)


@evaluate.command(
    cls=Verb,
    short_help="Measure answers, doubts and refusals on a set of questions.",
    examples=(
        "commonplace evaluate answers qa/squad2",
        'commonplace evaluate answers qa/squad2 --articles "Computational complexity theory"',
        "commonplace evaluate answers qa/squad2 --sample 5 --own-passage",
    ),
)
@click.argument("folder", type=_FOLDER, metavar="DIR")
@click.option(
    "--sample",
    default=25,
    type=click.IntRange(0),
    metavar="N",
    help="N answerable and N unanswerable questions of each article [25]; 0: all.",
)
@click.option("--articles", multiple=True, metavar="TITLE", help="Only of TITLE (repeatable).")
@click.option(
    "--all", "everything", is_flag=True, help="Also of the articles that refusals were fitted on."
)
@click.option("--own-passage", is_flag=True, help="Ask each once more, of its own passage alone.")
@click.option(
    "--threshold", type=float, metavar="X", help="Refuse below this confidence, 0 to 1 [fitted]."
)
@click.option(
    "--reader", default="extractive", metavar="READERS", help="extractive, generative, or both."
)
@click.option("--model", default="SmolLM2-135M-Instruct", metavar="SPEC", help="What generates.")
@_kept_library
@_against
@_keep
@options.json_option
def answers(
    folder: Path,
    reader: str,
    library: Path | None,
    keep: Path | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Measure the outcomes of a set like SQuAD 2.0: passages.jsonl, questions.jsonl.

    Every passage becomes a file of a library of its own; each question is asked of all of it.
    """
    from commonplace.evaluation import evaluate_answers

    with progress_bars() as bars:
        report, file = evaluate_answers(
            folder,
            readers=_names(reader),
            library=_place(library),
            keep_in=keep,
            progress=bars.progress if bars else silent,
            announce=announce,
            **settings,
        )
    if as_json:
        print_json({**report.record(), "kept": str(file)})
    else:
        print_answers(report, file)


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",") if name.strip()]


def _place(library: Path | None) -> Path | None:
    """The folder that `--library` names, whether it stands after the verb or before."""
    before = options.chosen_library()
    return library or (Path(before) if before else None)


def _refuse_options_before(ctx: click.Context) -> None:
    """Refuse an option between `evaluate` and `retrieval`, since it would have no effect."""
    misplaced = [
        parameter
        for parameter in ctx.command.params
        if parameter.name
        and ctx.get_parameter_source(parameter.name) is click.core.ParameterSource.COMMANDLINE
        and parameter.expose_value
    ]
    if misplaced:
        raise click.UsageError(
            f"{misplaced[0].opts[0]} must stand after {ctx.invoked_subcommand}", ctx
        )
