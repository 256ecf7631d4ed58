"""What every verb is: a click command whose help ends with examples that can be typed."""

from collections.abc import Callable, Mapping
from importlib import import_module
from keyword import iskeyword
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


class LazyVerbGroup(VerbGroup):
    """A group that imports the module of a verb only when the verb is used.

    `modules` maps each verb to the module below `package` that holds the command of that name;
    one whose name is a keyword of Python has an underscore behind it there.
    """

    def __init__(self, *args: Any, package: str, modules: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._package, self._modules = package, modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order in which one meets them."""
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one verb that was asked for."""
        if cmd_name not in self._modules:
            return None
        module = import_module(f"{self._package}.{self._modules[cmd_name]}")
        command = getattr(module, f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name)
        assert isinstance(command, click.Command)
        return command


def verb(short_help: str, *examples: str) -> Callable[[Callable[..., Any]], Verb]:
    """Make a function a verb; its docstring is the help text."""
    return click.command(cls=Verb, short_help=short_help, examples=examples)
