"""`--csv DIR` of the plan's commands: everything that they found, as tables."""

from pathlib import Path
from typing import Any

import click

from commonplace.foundation import InputError, display_path


def _no_plan(_: click.Context, __: click.Parameter, folder: Path | None) -> Path | None:
    """Before a search of a minute: results never go where they would replace a plan's tables."""
    if folder is not None and (folder / "plan.yaml").exists():
        raise InputError(f"there is a plan in {display_path(folder)}; name another folder")
    return folder


csv_option = click.option(
    "--csv",
    "tables",
    callback=_no_plan,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write what was found there, as CSV.",
)


def write_csv(record: dict[str, Any], tables: Path | None, as_json: bool) -> None:
    """Write the tables where they are asked for, and say so where no JSON stands alone."""
    from commonplace.capacity import write_result_tables
    from commonplace.cli.terminal.output import bold, say

    if tables is None:
        return
    written = write_result_tables(record, tables)
    if not as_json:
        say(bold(f"wrote {tables}"), f": {', '.join(path.name for path in written)}")
