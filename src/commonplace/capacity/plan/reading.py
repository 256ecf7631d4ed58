"""`read_plan`: a folder of tables becomes a `Plan`, or a list of everything that is wrong with it.

Notable: the input is hostile. Cells are read as text and each is validated; references between
tables are checked even where cells were wrong; all problems are raised at once.

    commonplace plan check DIR
"""

from dataclasses import replace
from datetime import date
from pathlib import Path

from commonplace.capacity.plan._cells import Calendar, read_rows
from commonplace.capacity.plan._csv_table import read_table
from commonplace.capacity.plan._project_references import check_placements, check_projects
from commonplace.capacity.plan._references import Rows, Tables, check_references
from commonplace.capacity.plan.head import read_head
from commonplace.capacity.plan.model import Plan
from commonplace.capacity.plan.network_references import check_network
from commonplace.capacity.plan.problems import Problems, did_you_mean
from commonplace.capacity.plan.tables import TABLES
from commonplace.foundation import InputError, display_path, file_errors

_ENDINGS = (".csv", ".yaml", ".yml", ".txt", ".tsv")


def read_plan(folder: Path | str) -> Plan:
    """Read the plan in a folder (docs/capacity.md has its tables).

    Raises:
        InputError: there is no such folder.
        InvalidPlanError: something in it cannot be used; it has all problems, as text and as data.
    """
    folder = Path(folder)
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "is not there"
        raise InputError(f"{display_path(folder)} {what}; name the folder of a plan")
    problems = Problems()
    head = read_head(folder, problems)
    calendar = Calendar(head.start, head.horizon)
    rows = _read_tables(folder, calendar, problems)
    start = head.start or date(2000, 1, 1)  # without one there is a problem already
    records = {t.attribute: tuple(record for _, record in rows.get(t.file, ())) for t in TABLES}
    plan = Plan(head.name, start, head.horizon, policies=head.policies, **records)
    tables = Tables(rows, plan, problems, dated=head.start is not None)
    check_references(tables)
    check_projects(tables)
    check_placements(tables)
    check_network(tables)
    problems.raise_any(display_path(folder))
    return plan


def _read_tables(folder: Path, calendar: Calendar, problems: Problems) -> dict[str, Rows]:
    """Each file's rows: none where a file may be missing, no entry where one cannot be read."""
    with file_errors(f"{display_path(folder)} cannot be read"):
        present = {path.name for path in folder.iterdir()}
    rows: dict[str, Rows] = {}
    for table in TABLES:
        if table.file not in present:
            if table.optional:
                rows[table.file] = []
            else:
                problems.add(table.file, expected="this file is missing from the folder")
        elif (frame := read_table(folder / table.file, table, problems)) is not None:
            rows[table.file] = read_rows(frame, table, calendar, problems)
    if "links.csv" in rows:  # a link without a group fails alone
        rows["links.csv"] = [
            (row, replace(link, group=link.group or link.id)) for row, link in rows["links.csv"]
        ]
    _misnamed(present, problems)
    return rows


def _misnamed(present: set[str], problems: Problems) -> None:
    """Report a table whose name is nearly right: it would be left out without a word."""
    names = ["plan.yaml", *(table.file for table in TABLES)]
    missing = [Path(name).stem for name in names if name not in present]
    for name in sorted(present.difference(names)):
        stem, ending = Path(name).stem, Path(name).suffix.lower()
        # with the usual .6 a notes.csv would be taken for sites.csv
        if ending in _ENDINGS and (hint := did_you_mean(stem, missing, 0.75)):
            problems.add(name, expected=f"no file of a plan has this name{hint}")
