"""`plan order`: what to order for the projects where they are, and by when."""

from pathlib import Path

import click

from commonplace.cli.arguments.options import json_option
from commonplace.cli.arguments.verb import verb
from commonplace.cli.plan._check import BREAKS, FOLDER, require_plan_extra
from commonplace.cli.plan._csv import csv_option, write_csv
from commonplace.cli.plan._printing import show_orders
from commonplace.cli.terminal.output import bold, print_json, say


@verb(
    "Say what to order, where, how many, and by when.",
    "commonplace plan order region",
    "commonplace plan order region --out ordered",
)
@click.argument("folder", type=FOLDER, metavar="DIR")
@click.option("--out", type=FOLDER, metavar="DIR", help="Write the plan with these orders there.")
@click.option("--overwrite", is_flag=True, help="Replace a plan that is there.")
@csv_option
@json_option
def order(
    folder: Path, out: Path | None, overwrite: bool, tables: Path | None, as_json: bool
) -> None:
    """Say what to order for the projects of the plan in DIR where they are, at least cost.

    Exit code 0: with these orders the plan holds. 1: something is late, or cannot be had.
    """
    require_plan_extra()
    from commonplace import capacity

    orders = capacity.order(capacity.read_plan(folder))
    if out is not None:
        capacity.write_plan(orders.plan, out, overwrite=overwrite)
    if as_json:
        print_json(orders.record())
    else:
        show_orders(orders)
        if out is not None:
            say(bold(f"wrote {out}"))
    write_csv(orders.record(), tables, as_json)
    if not orders.verdict.feasible:
        click.get_current_context().exit(BREAKS)
