"""`demo`: the same for the same seed, sound, of the size that was asked for, and not too easy."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("polars", reason="a plan needs polars")

from commonplace.capacity import Plan, Size, demo, read_plan, write_plan
from commonplace.capacity.feasibility.resources import house_rows, site_rows
from commonplace.capacity.plan.model import ANYWHERE, Placement
from commonplace.capacity.plan.network_references import components
from commonplace.capacity.plan.stock import stocks
from commonplace.cli import program
from commonplace.foundation import InputError


def run(*words: str) -> Result:
    return CliRunner().invoke(program, ["plan", "demo", *words], prog_name="commonplace")


@settings(max_examples=40)
@given(
    houses=st.integers(1, 12),
    projects=st.integers(1, 60),
    campuses=st.integers(1, 12),
    months=st.integers(1, 18),
    seed=st.integers(0, 10**6),
)
def test_any_size_is_sound(
    houses: int, projects: int, campuses: int, months: int, seed: int
) -> None:
    size = Size(houses, projects, min(campuses, houses), None, months)
    plan = demo(size, seed)
    assert plan == demo(size, seed)
    assert (len(plan.houses), len(plan.projects), plan.horizon) == (houses, projects, months)
    assert all(row.headroom.min() >= -1e-6 for row in site_rows(plan, stocks(plan)))


@pytest.mark.parametrize("seed", range(3))
def test_it_reads_back(tmp_path: Path, seed: int) -> None:
    plan = demo(Size(5, 25), seed)
    write_plan(plan, tmp_path / "region")
    assert read_plan(tmp_path / "region") == plan


def test_the_size_of_the_goal() -> None:
    plan = demo(Size(houses=40, projects=300, campuses=12, flows=200))
    assert sum(site.kind == "campus" for site in plan.sites) == 12
    assert len(plan.flows) == 200
    groups = Counter(link.group for link in plan.links)
    assert len(groups) + 1 == 19
    assert sorted(groups.values())[-2:] == [2, 2]
    assert {plan.item[link.item].id for link in plan.links} == {"fibre-25600", "wave-800"}
    assert any(project.fixed for project in plan.projects)
    assert any(project.side == "network" for project in plan.projects)


def test_no_failure_parts_the_backbone() -> None:
    plan = demo(Size(houses=40, projects=300))
    for group in {link.group for link in plan.links}:
        left = replace(plan, links=tuple(x for x in plan.links if x.group != group))
        assert len(set(components(left).values()) - {components(left)["region"]}) == 1


def test_followed_flows_are_what_the_machines_send() -> None:
    plan = demo(Size(houses=10, projects=60, flows=40))
    for product in {flow.product for flow in plan.flows if ANYWHERE in (flow.a, flow.z)}:
        north = sum(p.north_gbps for p in plan.projects if p.product == product)
        rows = [flow for flow in plan.flows if flow.product == product]
        out = sum(flow.gbps for flow in rows if flow.a == ANYWHERE)
        into = sum(flow.gbps for flow in rows if flow.z == ANYWHERE)
        assert abs(out - north) <= len(rows)
        assert into == 0 or abs(into - north) <= len(rows)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_without_orders_some_projects_fit_and_some_do_not(seed: int) -> None:
    """First fit, each project in its month: neither trivial nor hopeless."""
    plan = demo(seed=seed)
    stock, placed = stocks(plan), 0
    free = [p for p in plan.projects if p.side == "machine" and not p.fixed]
    for project in sorted(free, key=lambda project: project.need):
        for house in project.houses or plan.houses:
            trial = _with(plan, Placement(project.id, house, project.need))
            if all(row.headroom.min() >= 0 for row in house_rows(trial, stock, house)):
                plan, placed = trial, placed + 1
                break
    assert 0.3 * len(free) < placed < 0.9 * len(free)


def _with(plan: Plan, placement: Placement) -> Plan:
    return replace(plan, placements=(*plan.placements, placement))


def test_the_command(tmp_path: Path) -> None:
    folder = tmp_path / "region"
    done = run(str(folder), "--houses", "4", "--projects", "9", "--seed", "7")
    assert done.exit_code == 0, done.output
    assert "4 houses, 3 campuses, 9 projects" in done.stdout
    assert read_plan(folder) == replace(demo(Size(4, 9), 7))
    again = run(str(folder))
    assert again.exit_code != 0
    told = json.loads(run(str(folder), "--overwrite", "--json").stdout)
    assert (told["houses"], told["projects"]) == (8, 40)
    assert set(told["files"]) == {path.name for path in folder.iterdir()}


def test_sizes_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least as many houses"):
        demo(Size(houses=2, campuses=3))
    with pytest.raises(InputError, match="no flows between campuses"):
        demo(Size(houses=2, campuses=1, flows=5))
