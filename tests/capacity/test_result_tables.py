"""What a command found as CSV: all of it, with its header, and never over a plan."""

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from commonplace.capacity import Size, check, diff, make, order, write_plan, write_result_tables
from commonplace.capacity.reports.tables import result_tables
from commonplace.cli import program
from commonplace.foundation import InputError
from small_plans import scattered

PLAN = scattered(2, Size(3, 9))


@pytest.fixture(scope="module")
def records() -> dict[str, dict[str, Any]]:
    free = replace(PLAN, placements=PLAN.placements[:3])
    return {
        "check": check(PLAN).record(),
        "order": order(PLAN).record(),
        "make": make(free, 2.0).record(),
        "diff": diff(PLAN, order(PLAN).plan).record(),
    }


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("command", ["check", "order", "make", "diff"])
def test_every_list_of_a_record_is_a_table(
    records: dict[str, dict[str, Any]], command: str
) -> None:
    record = records[command]
    tables = result_tables(record)
    assert set(tables) == {f"{name}.csv" for name, it in record.items() if isinstance(it, list)}
    for name, it in record.items():
        if isinstance(it, list):
            rows = rows_of(tables[f"{name}.csv"])
            assert len(rows) == len(it) * (PLAN.horizon if name == "resources" else 1)
            if it and isinstance(it[0], dict):
                assert set(rows[0]) == {*it[0], *(["month"] if name == "resources" else [])}


def test_amounts_by_month_are_rows_and_lists_are_separated() -> None:
    record = check(PLAN).record()
    rows = rows_of(result_tables(record)["resources.csv"])
    first = record["resources"][0]
    assert [float(row["load"]) for row in rows[: PLAN.horizon]] == first["load"]
    assert [int(row["month"]) for row in rows[: PLAN.horizon]] == [*range(1, PLAN.horizon + 1)]
    stranded = rows_of(result_tables(record)["stranded.csv"])
    months = [list(map(int, row["months"].split(";"))) for row in stranded]
    assert months == [list(one["months"]) for one in record["stranded"]]


def test_a_table_without_rows_has_its_header_and_replaces_an_older_one(tmp_path: Path) -> None:
    broken, empty = check(PLAN).record(), check(replace(PLAN, placements=())).record()
    write_result_tables(broken, tmp_path / "tables")
    assert len(rows_of((tmp_path / "tables" / "stranded.csv").read_text())) > 0
    write_result_tables(empty | {"stranded": []}, tmp_path / "tables")
    text = (tmp_path / "tables" / "stranded.csv").read_text()
    assert text == "project,house,months,resource,racks,cost,sentence\n"


def test_results_never_go_over_a_plan(tmp_path: Path) -> None:
    write_plan(PLAN, tmp_path / "region")
    before = {path.name: path.read_bytes() for path in (tmp_path / "region").iterdir()}
    with pytest.raises(InputError, match="name another folder"):
        write_result_tables(order(PLAN).record(), tmp_path / "region")
    folder = str(tmp_path / "region")
    assert CliRunner().invoke(program, ["plan", "order", folder, "--csv", folder]).exit_code == 2
    after = {path.name: path.read_bytes() for path in (tmp_path / "region").iterdir()}
    assert after == before


def test_the_command_line_writes_them(tmp_path: Path) -> None:
    write_plan(PLAN, tmp_path / "region")
    asked = ["plan", "check", str(tmp_path / "region"), "--csv", str(tmp_path / "tables")]
    found = CliRunner().invoke(program, asked)
    assert "wrote" in found.output
    assert {path.name for path in (tmp_path / "tables").iterdir()} == {
        "backbone.csv",
        "breaks.csv",
        "idle.csv",
        "resources.csv",
        "stranded.csv",
        "waiting.csv",
    }
