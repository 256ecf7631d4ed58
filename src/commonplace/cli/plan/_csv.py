"""`--csv DIR` of the commands on plans: all their results as tables."""

from pathlib import Path
from typing import Any

import click

from commonplace.foundation import InputError, display_path


def _no_plan(_: click.Context, __: click.Parameter, folder: Path | None) -> Path | None:
    """Refuse a plan's own folder before a long search: results would replace its tables."""
    if folder is not None and (folder / "plan.yaml").exists():
        raise InputError(f"there is a plan in {display_path(folder)}; name another folder")
    return folder


csv_option = click.option(
    "--csv",
    "tables",
    callback=_no_plan,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the results there, as CSV.",
)


def write_csv(record: dict[str, Any], tables: Path | None, as_json: bool) -> None:
    """Write the tables if a folder was named, and say so unless JSON is printed."""
    from commonplace.capacity import write_result_tables
    from commonplace.cli.terminal.output import bold, say

    if tables is None:
        return
    written = write_result_tables(record, tables)
    if not as_json:
        say(bold(f"wrote {tables}"), f": {', '.join(path.name for path in written)}")
