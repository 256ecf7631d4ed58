"""`plan check`, `plan diff` and `plan report`: does a plan hold, what changed, and a page of it.

What the verbs of `plan` share stands here too: folders, `--csv DIR`, the extra that they need.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commonplace.cli.arguments.options import json_option, require_extra
from commonplace.cli.arguments.verb import verb
from commonplace.cli.plan._printing import show_difference, show_month, show_verdict
from commonplace.cli.terminal.output import bold, print_json, say
from commonplace.foundation import InputError, display_path, file_errors, write_atomically

if TYPE_CHECKING:
    from commonplace.capacity import Plan

FOLDER = click.Path(path_type=Path)
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace a plan that is there.")
BREAKS = 1  # the exit code of a plan that does not hold


def require_plan_extra() -> None:
    """Check that the extra `plan` is installed, before anything is read.

    Raises:
        InputError: a package of the extra `plan` is missing.
    """
    require_extra("plan", "highspy", "polars", "rustworkx")


def _no_plan(_: click.Context, __: click.Parameter, folder: Path | None) -> Path | None:
    """Refuse a plan's own folder before a long search: results would replace its tables."""
    if folder is not None and (folder / "plan.yaml").exists():
        raise InputError(f"there is a plan in {display_path(folder)}; name another folder")
    return folder


csv_option = click.option(
    "--csv",
    "tables",
    callback=_no_plan,
    type=FOLDER,
    metavar="DIR",
    help="Write the results there, as CSV.",
)


def write_csv(record: dict[str, Any], tables: Path | None, as_json: bool) -> None:
    """Write the tables if a folder was named, and say so unless JSON is printed."""
    from commonplace.capacity import write_result_tables

    if tables is None:
        return
    written = write_result_tables(record, tables)
    if not as_json:
        say(bold(f"wrote {tables}"), f": {', '.join(path.name for path in written)}")


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


@verb("Say what changed between two plans, and why.", "commonplace plan diff region planned")
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


@verb("Draw a plan: one page with pictures.", "commonplace plan report region --out region.html")
@click.argument("folder", type=FOLDER, metavar="DIR")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The page to write: HTML that loads nothing.",
)
@click.option("--overwrite", is_flag=True, help="Replace what is there.")
def report(folder: Path, out: Path, overwrite: bool) -> None:
    """Draw the plan in DIR: houses by month, demand and capacity, orders, the backbone."""
    require_plan_extra()
    from commonplace import capacity

    if out.exists() and not overwrite:  # before the orders, which take a while
        raise InputError(f"{out} is there already; name another file, or add --overwrite")
    plan = capacity.read_plan(folder)
    page = capacity.report(capacity.check(plan), capacity.order(plan)).encode()
    with file_errors(f"cannot write {display_path(out)}"):
        out.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(out, page, shared=True)
    say(bold(f"wrote {out}"))
