"""`commonplace plan report`: a plan as one page with pictures."""

from pathlib import Path

import click

from commonplace.cli.arguments.verb import verb
from commonplace.cli.plan._check import FOLDER, require_plan_extra
from commonplace.cli.terminal.output import bold, say
from commonplace.foundation import InputError, display_path, write_atomically


@verb(
    "Draw a plan: one page with pictures.",
    "commonplace plan report region --out region.html",
)
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
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(out, page, shared=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"cannot write {display_path(out)}: {reason}") from error
    say(bold(f"wrote {out}"))
