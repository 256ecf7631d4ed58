"""The program: its verbs, found when they are called, and one sentence for whatever goes wrong.

Notable: nothing heavy is imported before a verb needs it (`commonplace --help` loads click alone),
and every error ends here: what a user can mend is one sentence and exit code 2, what is our own
fault is one sentence with the file that holds the details, and exit code 70.

    commonplace --help
"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import click

from commonplace.cli.arguments.options import library_option
from commonplace.cli.arguments.verb import LazyVerbGroup
from commonplace.cli.terminal.output import prepare_streams, print_error, print_interrupt
from commonplace.foundation import CommonplaceError, bug_report

_VERBS = {
    "add": "_add",
    "ask": "_ask",
    "search": "_search",
    "show": "_show",
    "explain": "_explain",
    "feedback": "_feedback",
    "status": "_status",
    "reading": "_reading",
    "remove": "_remove",
    "log": "_log",
    "serve": "server.serve",
    "mcp": "server.mcp",
    "token": "server.token",
    "evaluate": "quality.evaluate",
    "judge": "quality.judge",
    "adapter": "adapter.verbs",
    "adapt": "training.adapt",
    "runs": "training.runs",
    "plan": "plan.group",
}
# As a shell reports them: 128 + SIGINT, 128 + SIGPIPE; EX_SOFTWARE of sysexits.h.
_INTERRUPTED, _BROKEN_PIPE, _BUG = 130, 141, 70


class _Program(LazyVerbGroup):
    """A group whose errors are sentences."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        *_: object,
        **__: object,
    ) -> NoReturn:
        """Run one command line, and exit with its code; click's own `main` words errors its way."""
        prepare_streams()
        words = list(sys.argv[1:] if args is None else args)
        sys.exit(_guarded(lambda: self._run(words, prog_name or "commonplace")))

    def _run(self, words: list[str], name: str) -> int:
        if "_COMMONPLACE_COMPLETE" in os.environ:
            super().main(words, name)  # writes what the shell asks for, and exits
        with self.make_context(name, words) as ctx:
            self.invoke(ctx)
        return 0


def _guarded(run: Callable[[], int]) -> int:
    """The exit code of a run, whatever happens in it."""
    try:
        return run()
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        return _misused(error)
    except (KeyboardInterrupt, click.Abort):
        print_interrupt("stopped")
        return _INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return _BROKEN_PIPE
    except Exception as error:
        return _failed(error)


def _misused(error: click.ClickException) -> int:
    """What was wrong with the words of the command, and where the right ones are listed."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    message = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    print_error(f"{message}; see `{context.command_path} --help`" if context else message)
    return error.exit_code


def _failed(error: Exception) -> int:
    if isinstance(error, CommonplaceError):
        for sentence in error.sentences():
            print_error(sentence)
        return error.exit_code
    print_error(bug_report(error))
    return _BUG


def _discard_output() -> None:
    """Whoever read our output has gone: what is still buffered must not fail at the exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (BrokenPipeError, ValueError):
            os.dup2(nowhere, stream.fileno())  # else the interpreter reports it at the exit


@click.group(
    cls=_Program,
    package=__package__,
    modules=_VERBS,
    examples=(
        "commonplace add ~/notes paper.pdf",
        'commonplace ask "Why does LoRA use two matrices?"',
        "commonplace show 1",
    ),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@library_option
@click.version_option(package_name="commonplace", message="%(prog)s %(version)s")
def program() -> None:
    """Answers from your own notes, papers and pages, every sentence cited."""


def main(args: Sequence[str] | None = None) -> Any:
    """What `commonplace` runs."""
    program(args)
