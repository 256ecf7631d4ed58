"""What every verb is: a click command whose help ends with examples that can be typed."""

from collections.abc import Callable
from typing import Any

import click


class _WithExamples(click.Command):
    def __init__(self, *args: Any, examples: tuple[str, ...] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples one a line; click's own epilog would wrap them."""
        with formatter.section("Examples"):
            for example in self.examples:
                formatter.write(f"{' ' * formatter.current_indent}{example}\n")


class Verb(_WithExamples):
    """A command with examples."""


class VerbGroup(_WithExamples, click.Group):
    """A command that has commands below it, with examples."""


def verb(short_help: str, *examples: str) -> Callable[[Callable[..., Any]], Verb]:
    """Make a function a verb; its docstring is the help text."""
    return click.command(cls=Verb, short_help=short_help, examples=examples)
