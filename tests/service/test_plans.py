"""Capacity plans in the service: named at the start, read when they change, seen in the page."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import expect

from browsing import PHONE, Browsing, scrolls_sideways, severe_findings
from service_running import Running, Serve

pytest.importorskip("polars", reason="a plan needs polars")
pytest.importorskip("highspy", reason="a plan needs highspy")

from commonplace.capacity import Plan, Size, check, demo, write_plan
from commonplace.capacity.plan.model import Placement
from commonplace.cli import program
from commonplace.service import add_token


def overfull() -> Plan:
    """A region with every project in the first house that it may have: much breaks."""
    plan = demo(Size(houses=3, projects=12), 1)
    places = [
        Placement(p.id, (p.houses or plan.houses)[0], max(p.earliest, p.need))
        for p in plan.projects
        if not p.fixed
    ]
    return replace(plan, placements=tuple(places))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_plan(overfull(), tmp_path / "region")
    return tmp_path / "region"


@pytest.fixture
def planned(tmp_path: Path, folder: Path, serve: Serve) -> Running:
    return serve(tmp_path / "library", plans=(folder,))


def test_it_says_what_check_and_order_say(planned: Running) -> None:
    assert planned.json("/api/me")["plans"] == ["region"]
    found = planned.json("/api/plans/region")
    assert found["problems"] == []
    assert found["breaks"]["sentences"] == [one.sentence for one in check(overfull()).breaks]
    assert not found["feasible"]
    assert [piece["heading"] for piece in found["pieces"]][:2] == [
        "Houses by month",
        "Demand against capacity",
    ]
    assert found["pieces"][0]["pictures"][0]["svg"].startswith("<svg ")
    ordered = planned.json("/api/plans/region/orders")
    assert ordered["version"] == found["version"]
    assert ordered["purchases"] or ordered["late"]["sentences"]


def test_a_change_of_the_folder_is_seen_and_its_problems_are_listed(
    planned: Running, folder: Path
) -> None:
    before = planned.json("/api/plans/region")
    assert planned.json("/api/plans/region") == before
    sites = folder / "sites.csv"
    sites.write_text(sites.read_text().replace(",house,", ",hause,", 1))
    after = planned.json("/api/plans/region")
    assert after["version"] != before["version"]
    assert any("column kind: 'hause'" in problem for problem in after["problems"])
    assert planned.json("/api/plans/region/orders")["problems"] == after["problems"]
    shutil.rmtree(folder)
    (gone,) = planned.json("/api/plans/region")["problems"]
    assert "is not there" in gone


@pytest.mark.parametrize("name", ["other", "..", "%2e%2e%2fregion", "/etc"])
def test_no_other_folder_can_be_named(planned: Running, name: str) -> None:
    assert planned.client.get(f"/api/plans/{name}").status_code in (400, 404)
    assert planned.client.get(f"/api/plans/{name}/orders").status_code in (400, 404)


def test_two_folders_of_a_name_are_told_apart(tmp_path: Path, serve: Serve) -> None:
    for parent in ("a", "b"):
        write_plan(demo(Size(2, 4), 1), tmp_path / parent / "region")
    plans = (tmp_path / "a" / "region", tmp_path / "b" / "region", tmp_path / "a" / "region")
    service = serve(tmp_path / "library", plans=plans)
    assert service.json("/api/me")["plans"] == ["region", "region-2"]


def test_a_token_of_another_library_sees_no_plan(
    tmp_path: Path, folder: Path, serve: Serve
) -> None:
    tokens = tmp_path / "tokens.json"
    own = add_token(tokens, "anna", "read", tmp_path / "library")
    other = add_token(tokens, "bert", "read", tmp_path / "other")
    service = serve(tmp_path / "library", plans=(folder,), require_token=True, tokens=tokens)
    for secret, names in ((own, ["region"]), (other, [])):
        service.client.headers["authorization"] = f"Bearer {secret}"
        found = service.json("/api/plans")["plans"]
        assert [plan["name"] for plan in found] == names
        status = service.client.get("/api/plans/region").status_code
        assert status == (200 if names else 400)


def test_serve_says_at_once_that_a_plan_is_not_there(tmp_path: Path) -> None:
    asked = ["serve", "--library", str(tmp_path / "library"), "--plan", str(tmp_path / "nowhere")]
    found = CliRunner().invoke(program, asked)
    assert found.exit_code != 0
    assert "nowhere is no folder; name the folder of a plan" in " ".join(found.output.split())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_shows_a_plan(planned: Running, browse: Browsing, theme: str) -> None:
    page = browse.open(planned.url, "plan", theme=theme)
    expect(page.locator(".verdict.broken")).to_contain_text("It does not hold: ")
    expect(page.get_by_role("heading", name="Houses by month")).to_be_visible()
    expect(page.locator(".plan h2").filter(has_text="What to order")).to_be_visible()
    expect(page.get_by_role("link", name="Plan")).to_have_attribute("aria-current", "page")
    assert page.locator("figure svg rect.over").count() > 0
    assert severe_findings(page) == []


def test_a_phone_scrolls_pictures_in_their_place(planned: Running, browse: Browsing) -> None:
    page = browse.open(planned.url, "plan", size=PHONE)
    page.locator(".plan h2").filter(has_text="What to order").wait_for()
    assert not scrolls_sideways(page)
    first = page.locator(".scrolling").first
    assert first.evaluate("it => it.scrollWidth > it.clientWidth")
    assert severe_findings(page) == []


def test_the_page_draws_anew_what_changed(planned: Running, folder: Path, browse: Browsing) -> None:
    page = browse.open(planned.url, "plan/region")
    page.locator(".plan h2").filter(has_text="What to order").wait_for()
    kept = (folder / "sites.csv").read_text()
    (folder / "sites.csv").write_text(kept.replace(",house,", ",hause,", 1))
    expect(page.get_by_role("alert")).to_contain_text("The plan cannot be read")
    expect(page.get_by_role("alert")).to_contain_text("'hause'")
    assert severe_findings(page) == []
    (folder / "sites.csv").write_text(kept)
    os.utime(folder / "sites.csv")
    expect(page.locator(".verdict")).to_be_visible()


def test_without_a_plan_there_is_no_view_in_the_bar(service: Running, browse: Browsing) -> None:
    page = browse.open(service.url, "plan")
    expect(page.locator(".lead")).to_have_text("No plan is shown here.")
    expect(page.locator("#plan-link")).to_be_hidden()
