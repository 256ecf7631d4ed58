"""`plan check` and `plan diff`: whether a plan holds, and what changed between two plans."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commonplace.cli.arguments.options import json_option, require_extra
from commonplace.cli.arguments.verb import verb
from commonplace.cli.plan._csv import csv_option, write_csv
from commonplace.cli.plan._printing import show_difference, show_month, show_verdict
from commonplace.cli.terminal.output import print_json

if TYPE_CHECKING:
    from commonplace.capacity import Plan

FOLDER = click.Path(path_type=Path)
BREAKS = 1  # the exit code of a plan that does not hold


def require_plan_extra() -> None:
    """Check that the extra `plan` is installed, before anything is read.

    Raises:
        InputError: a package of the extra `plan` is missing.
    """
    require_extra("plan", "highspy", "polars", "rustworkx")


@verb(
    "Say whether a plan holds, month by month.",
    "commonplace plan check region",
    "commonplace plan check region --month 2027-04",
    "commonplace plan check region --csv tables",
    "commonplace plan check region --json",
)
@click.argument("folder", type=FOLDER, metavar="DIR")
@click.option("--month", metavar="MONTH", help="One month's resources: 4, or 2027-04.")
@csv_option
@json_option
def check(folder: Path, month: str | None, tables: Path | None, as_json: bool) -> None:
    """Say whether the plan in DIR holds, what breaks first, what runs out, and what is stranded.

    Exit code 0: it holds in every month. 1: it does not. 2: it cannot be read.
    """
    require_plan_extra()
    from commonplace import capacity

    plan = capacity.read_plan(folder)
    at = None if month is None else _month(plan, month)
    verdict = capacity.check(plan)
    if as_json:
        print_json(verdict.record())
    elif at is not None:
        show_month(verdict, at)
    else:
        show_verdict(verdict)
    write_csv(verdict.record(), tables, as_json)
    if not verdict.feasible:
        click.get_current_context().exit(BREAKS)


def _month(plan: "Plan", text: str) -> int:
    """The number of a month of the horizon, which may be written as 4 or 2027-04."""
    number = int(text) if re.fullmatch(r"[0-9]{1,4}", text) else 0
    if written := re.fullmatch(r"([0-9]{4})-([0-9]{1,2})", text):
        year, month = int(written[1]), int(written[2])
        number = (year - plan.start.year) * 12 + month - plan.start.month + 1
    if not 1 <= number <= plan.horizon:
        raise click.BadParameter(
            f"{text!r} is no month of this plan; name one of 1..{plan.horizon}, "
            f"from {plan.start:%Y-%m} on",
            param_hint="'--month'",
        )
    return number


@verb(
    "Say what changed between two plans, and why.",
    "commonplace plan diff region planned",
)
@click.argument("a", type=FOLDER, metavar="A")
@click.argument("b", type=FOLDER, metavar="B")
@csv_option
@json_option
def diff(a: Path, b: Path, tables: Path | None, as_json: bool) -> None:
    """Say what changed from the plan in A to the plan in B: rows, places, orders, verdicts."""
    require_plan_extra()
    from commonplace import capacity

    difference = capacity.diff(capacity.read_plan(a), capacity.read_plan(b))
    if as_json:
        print_json(difference.record())
    else:
        show_difference(difference)
    write_csv(difference.record(), tables, as_json)
