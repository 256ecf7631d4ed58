"""`plan check`, `plan order`, `plan diff`: what is printed, written and returned."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result

from commonplace.capacity import Plan, Size, demo, read_plan, write_plan
from commonplace.capacity.plan.model import Placement

Run = Callable[..., Result]


def filled(seed: int) -> Plan:
    """Every project in the first house that it may stand in: more than those can hold."""
    region = demo(Size(4, 16), seed)
    placements = tuple(
        Placement(p.id, (p.houses or region.houses)[0], max(p.earliest, p.need))
        for p in region.projects
        if not p.fixed
    )
    return replace(region, placements=placements)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A region that holds, and one that does not."""
    write_plan(demo(Size(4, 16), 2), tmp_path / "good")
    write_plan(filled(2), tmp_path / "full")
    return tmp_path / "good", tmp_path / "full"


def test_a_plan_that_holds_is_said_to_and_returns_0(run: Run, folders: tuple[Path, Path]) -> None:
    result = run("plan", "check", str(folders[0]))
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("holds in all 12 months: demo-2")
    assert "backbone" in result.stdout


def test_a_plan_that_breaks_says_what_first_and_returns_1(
    run: Run, folders: tuple[Path, Path]
) -> None:
    result = run("plan", "check", str(folders[1]))
    assert result.exit_code == 1
    assert result.stdout.startswith("does not hold: demo-2; ")
    for text in ("is short of", "! ", "stranded: ", "run out: ", "campus and backbone"):
        assert text in result.stdout
    record = json.loads(run("plan", "check", str(folders[1]), "--json").stdout)
    assert record["feasible"] is False
    assert record["breaks"][0]["sentence"][:60] in " ".join(result.stdout.split())
    assert {"resources", "backbone", "stranded", "idle"} <= set(record)


def test_projects_without_a_place_are_said_to_wait(run: Run, folders: tuple[Path, Path]) -> None:
    plan = demo(Size(4, 16), 2)
    waiting = [one.id for one in plan.projects if one.id not in plan.placed]
    shown = run("plan", "check", str(folders[0])).stdout
    assert f"{len(waiting)} of 16 projects have no place yet; commonplace plan make" in shown
    assert json.loads(run("plan", "check", str(folders[0]), "--json").stdout)["waiting"] == waiting
    assert "no place" not in run("plan", "check", str(folders[1])).stdout


def test_one_month_is_a_table(run: Run, folders: tuple[Path, Path]) -> None:
    by_number = run("plan", "check", str(folders[1]), "--month", "4").stdout
    assert by_number == run("plan", "check", str(folders[1]), "--month", "2027-04").stdout
    assert "headroom" in by_number
    refused = run("plan", "check", str(folders[1]), "--month", "13")
    assert refused.exit_code == 2
    assert "no month of this plan; name one of 1..12, from 2027-01 on" in refused.stderr


def test_orders_are_listed_and_written(
    run: Run, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "ordered"
    result = run("plan", "order", str(folders[1]), "--out", str(out))
    record = json.loads(run("plan", "order", str(folders[1]), "--json").stdout)
    assert result.exit_code == (0 if record["feasible"] else 1)
    assert f"cost {record['cost']:,.0f}" in result.stdout
    assert "machines beside bits" in result.stdout
    orders = [vars(order) for order in read_plan(out).orders]
    assert orders == record["orders"]
    again = run("plan", "order", str(folders[1]), "--out", str(out))
    assert again.exit_code == 2
    assert "name another folder" in again.stderr


def test_what_orders_changed_is_told(run: Run, folders: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "ordered"
    run("plan", "order", str(folders[1]), "--out", str(out))
    result = run("plan", "diff", str(folders[1]), str(out))
    assert result.exit_code == 0
    assert "orders: " in result.stdout
    record = json.loads(run("plan", "diff", str(folders[1]), str(out), "--json").stdout)
    assert record["moves"] == []
    assert {order["kind"] for order in record["orders"]} == {"added"}
    assert run("plan", "diff", str(out), str(out)).stdout == "nothing differs\n"


def test_a_move_is_told_with_its_reason(run: Run, folders: tuple[Path, Path]) -> None:
    result = run("plan", "diff", str(folders[0]), str(folders[1]))
    assert "is placed now: " in result.stdout
    record = json.loads(run("plan", "diff", str(folders[1]), str(folders[0]), "--json").stdout)
    assert all("is placed nowhere now" in move["sentence"] for move in record["moves"])
    assert record["moves"][0]["after"] is None


def test_a_folder_that_is_none_is_one_sentence(run: Run, tmp_path: Path) -> None:
    for verb in (["check"], ["order"], ["diff", str(tmp_path)]):
        result = run("plan", *verb, str(tmp_path / "nothing"))
        assert result.exit_code == 2
        assert "Traceback" not in result.output


def test_a_report_is_readable_like_any_new_file(
    run: Run, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    out, other = tmp_path / "new" / "page.html", tmp_path / "other"
    result = run("plan", "report", str(folders[0]), "--out", str(out))
    assert result.exit_code == 0, result.output
    other.write_text("")
    assert out.stat().st_mode == other.stat().st_mode
    assert (folders[0] / "plan.yaml").stat().st_mode == other.stat().st_mode


def test_a_report_that_cannot_be_written_is_one_sentence(
    run: Run, folders: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    result = run("plan", "report", str(folders[0]), "--out", str(tmp_path / "file" / "page.html"))
    assert result.exit_code == 2
    assert "cannot write" in result.stderr
    assert "bug of ours" not in result.output


def test_what_is_no_number_is_named(run: Run, tmp_path: Path) -> None:
    job = ("--model", "8B", "--chips", "8", "--tflops", "nan")
    files = ("sndlib", str(tmp_path / "x"), "--out", str(tmp_path / "y"), "--scale", "nan")
    for result in (run("plan", "demand", *job), run("plan", "import", *files)):
        assert result.exit_code == 2
        assert "is not a valid float" in result.stderr
