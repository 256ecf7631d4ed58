"""Options that several verbs share: which library, which part of it, and how a date is written."""

import functools
import importlib.util
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, TypeVar

import click

from commonplace.cli.terminal.output import announce
from commonplace.corpus import KINDS, Filter
from commonplace.foundation import InputError

if TYPE_CHECKING:
    from commonplace import Library

PROFILES = ("fast", "best", "bm25", "dense")
_CHOSEN = "commonplace.library"  # the key in click's `meta`, which a group and its verbs share
_Command = TypeVar("_Command", bound=Callable[..., Any])
default_option = functools.partial(click.option, show_default=True)


class Moment(click.ParamType["datetime"]):
    """A day or a moment, in local time unless it says otherwise.

    A day means its first moment, or with `end` its last.
    """

    name = "date"

    def __init__(self, end: bool) -> None:
        self.end = end

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """The moment in UTC."""
        if isinstance(value, datetime):
            return value
        try:
            return self._moment(value.strip()).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is no date; write it as 2026-01-31 or 2026-01-31T18:30", param, ctx
            )

    def _moment(self, text: str) -> datetime:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return datetime.fromisoformat(text)
        return datetime.combine(day, time.max if self.end else time.min)


class NumberRange(click.FloatRange):
    """A number within limits; not `nan`, which `click` takes to be within any."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number."""
        number: float = super().convert(value, param, ctx)
        if number != number:
            self.fail(f"{value!r} is not a valid float.", param, ctx)
        return number


_SELECTING = (
    click.option(
        "--in",
        "paths",
        multiple=True,
        metavar="PATH",
        help="Only at or under PATH (may be repeated).",
    ),
    click.option(
        "--kind",
        "kinds",
        multiple=True,
        type=click.Choice(KINDS),
        metavar="KIND",
        help=f"Only of KIND: {', '.join(KINDS)}.",
    ),
    click.option(
        "--tag",
        "tags",
        multiple=True,
        metavar="TAG",
        help="Only what bears TAG, or one below it (repeated: all of them).",
    ),
    click.option("--since", type=Moment(end=False), help="Only what was written since DATE."),
    click.option("--until", type=Moment(end=True), help="Only what was written until DATE."),
    click.option("--as-of", type=Moment(end=True), help="The library as it was on DATE."),
)


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose a part of the library; the command gets a `filter`."""

    @functools.wraps(command)
    def with_filter(**values: Any) -> Any:
        selection = {field.name: values.pop(field.name) for field in fields(Filter)}
        return command(filter=Filter(**selection), **values)

    for option in reversed(_SELECTING):  # `--help` lists the option that is added last first
        with_filter = option(with_filter)
    return with_filter


def wear_options(command: _Command) -> _Command:
    """Add `--wear FILE` and `--force-wear`: the adapters that the language model wears."""
    force = click.option(
        "--force-wear",
        is_flag=True,
        help="Also wear adapters of another model, if names and sizes fit.",
    )
    wear = click.option(
        "--wear",
        multiple=True,
        metavar="FILE[:STRENGTH]",
        help="An adapter that the model wears (may be repeated); see `adapt text`.",
    )
    return wear(force(command))


def count_option(
    *names: str, default: int, minimum: int = 1, maximum: int | None = None, text: str
) -> Callable[[_Command], _Command]:
    """An option that takes a number of things; its help is the text and the default."""
    return click.option(
        *names,
        default=default,
        type=click.IntRange(minimum, maximum),
        metavar="N",
        help=f"{text} [{default}].",
    )


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def _choose(ctx: click.Context, _: click.Parameter, folder: str | None) -> None:
    if folder == "":
        raise click.BadParameter("it is empty; name a folder", ctx)
    if folder is not None:  # the option may stand before the verb: then it must not be undone here
        ctx.meta[_CHOSEN] = folder


library_option = click.option(
    "--library",
    metavar="DIR",
    type=click.Path(),
    expose_value=False,
    callback=_choose,
    help="The library to use [$COMMONPLACE_LIBRARY, or else your own].",
)


def chosen_library() -> str | None:
    """What `--library` named, if it was given."""
    folder: str | None = click.get_current_context().meta.get(_CHOSEN)
    return folder


def open_library(new: bool = False) -> "Library":
    """The library that was chosen; with `new` one is made where there is none.

    Raises:
        InputError: there is no library.
        LibraryError: the folder holds something else, is damaged, or is of a newer version.
    """
    from commonplace import Library

    return Library.open(chosen_library(), create=new, announce=announce)


def require_extra(name: str, *modules: str) -> None:
    """Check early that what a verb needs beyond the base is installed.

    Raises:
        InputError: one of the modules is missing.
    """
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing:
        raise InputError(f"this needs {', '.join(missing)}; run pip install 'commonplace[{name}]'")
