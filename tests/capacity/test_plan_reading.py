"""`read_plan` and `write_plan`: what is right comes back, what is wrong is named, all of it."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("polars", reason="a plan needs polars")

from commonplace.capacity import InvalidPlanError, Plan, read_plan, write_plan
from commonplace.capacity.plan import model as m
from commonplace.cli import program
from commonplace.foundation import InputError
from growth import in_proportion

Folder = Callable[..., Path]
TABLES = {
    "plan.yaml": "start: 2027-01\npolicies: {residual: 0.8, failures: [north]}\n",
    "sites.csv": "id,kind,parent\nr,region,\nc1,campus,r\nc2,campus,r\nc3,campus,r\n"
    "h1,house,c1\nh2,house,c2\n",
    "supply.csv": "site,resource,month,amount\n"
    + "".join(f"h{n},{r},1,100.5\n" for n in (1, 2) for r in ("space", "power", "network_space"))
    + "r,power,2027-06,150\n",
    "items.csv": "id,role,ports_south,ports_north,gbps,positions,kw,cost,lead_months,"
    "install_months\n"
    "sb,superblock,512,512,400,4,40,900,5,1\nop,optics,,256,400,,,100,3,1\n"
    "sk,skeleton,4096,,,8,30,500,6,1\nfbr,fbr,64,64,400,2,8,300,4,1\nwave,line,,,800,,,200,7,0\n",
    "inventory.csv": "place,item,on_hand,on_order,arrival,firm\nh1,sb,2,1,4,yes\nl1,wave,3,,,\n",
    "links.csv": "id,a,z,item,max_units,group\nl1,c1,c2,wave,8,north\n",
    "projects.csv": "id,product,kind,racks,kw,ports,south_gbps,north_gbps,earliest,need,priority,"
    "houses,fixed,item,units\np1,search,machine,10,50,64,6400,100,2,2027-03,2,h1;h2,,,\n"
    "p2,search,machine,1,5,8,800,10,,4,,,h2,,\nn1,floor,network,,,,,,,3,,,h1,sk,2\n",
    "flows.csv": "product,class,a,z,gbps,growth\nsearch,gold,*,c2,110,0.5\nmail,gold,c1,h2,5,\n",
    "placements.csv": "project,house,month\np1,h1,3\n",
    "orders.csv": "place,item,units,month\nh1,op,2,1\nl1,wave,5,2\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Write the tables above into a folder, some replaced (None: left out)."""

    def write(**changed: str | bytes | None) -> Path:
        place = tmp_path / "region"
        place.mkdir(exist_ok=True)
        for name, text in TABLES.items():
            data = changed.get(name.partition(".")[0], text)
            if data is None:
                (place / name).unlink(missing_ok=True)
            else:
                (place / name).write_bytes(data.encode() if isinstance(data, str) else data)
        return place

    return write


def complaints(folder: Path) -> list[str]:
    """The problems of a folder, a sentence each."""
    with pytest.raises(InvalidPlanError) as caught:
        read_plan(folder)
    assert caught.value.total == len(caught.value.problems)
    return [str(problem) for problem in caught.value.problems]


def more(name: str, *rows: str) -> str:
    """A table with some rows after its own."""
    return TABLES[f"{name}.csv"] + "".join(f"{row}\n" for row in rows)


def test_a_plan_is_what_its_folder_says(folder: Folder) -> None:
    plan = read_plan(folder())
    assert (plan.name, plan.start, plan.horizon) == ("region", date(2027, 1, 1), 12)
    assert plan.policies == m.Policies(residual=0.8, failures=("north",))
    assert plan.site["h1"] == m.Site("h1", "house", "c1")
    assert plan.supplies[-1] == m.Supply("r", "power", 6, 150.0)
    assert plan.item["op"] == m.Item("op", "optics", 0, 256, 400.0, 0.0, 0.0, 100.0, 3, 1)
    assert plan.inventory == (
        m.Inventory("h1", "sb", 2, 1, 4, True),
        m.Inventory("l1", "wave", 3, 0, None, True),
    )
    assert plan.project["p1"] == m.Project(
        "p1", "search", "machine", 10, 50, 64, 6400, 100, 2, 3, 2, ("h1", "h2")
    )
    assert plan.project["n1"].side == "network"
    assert plan.project["n1"].units == 2
    assert plan.flows[0] == m.Flow("search", "gold", "*", "c2", 110.0, 0.5)
    assert plan.placements == (m.Placement("p1", "h1", 3),)
    assert plan.orders[1] == m.Order("l1", "wave", 5, 2)


def test_optional_tables_may_be_missing(folder: Folder) -> None:
    plan = read_plan(
        folder(
            plan="start: 2027-01\n",
            links=None,
            flows=None,
            placements=None,
            orders=None,
            inventory="place,item\nh1,sb\n",
        )
    )
    assert (plan.links, plan.flows, plan.placements, plan.orders) == ((), (), (), ())


def test_round_trip(folder: Folder, tmp_path: Path) -> None:
    plan = read_plan(folder())
    write_plan(plan, tmp_path / "again")
    assert read_plan(tmp_path / "again") == plan
    with pytest.raises(InputError, match="already"):
        write_plan(plan, tmp_path / "again")


def test_writing_over_a_plan_leaves_nothing_of_it(folder: Folder, tmp_path: Path) -> None:
    plan = read_plan(folder())
    write_plan(plan, tmp_path / "out")
    bare = Plan(plan.name, plan.start, sites=plan.sites, supplies=plan.supplies)
    write_plan(bare, tmp_path / "out", overwrite=True)
    assert read_plan(tmp_path / "out") == bare


names = st.text(
    st.characters(exclude_categories=("C", "Z"), exclude_characters=";*"), min_size=1, max_size=20
)
amounts = st.floats(0, 1e12, allow_subnormal=False)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    names=st.lists(names, min_size=4, max_size=4, unique=True),
    amount=amounts,
    priority=st.floats(1e-6, 1e6),
    growth=st.floats(-0.99, 100),
    horizon=st.integers(1, 120),
)
def test_round_trip_of_any_text_and_number(
    tmp_path: Path, names: list[str], amount: float, priority: float, growth: float, horizon: int
) -> None:
    campus, house, project, product = names
    plan = Plan(
        "any: name",
        date(2031, 11, 1),
        horizon,
        m.Policies(late_cost=amount, stranded_cost=1e-5, count_unfirm=True, demand="hose"),
        sites=(m.Site(campus, "campus"), m.Site(house, "house", campus)),
        supplies=tuple(
            m.Supply(house, r, horizon, amount) for r in ("space", "power", "network_space")
        ),
        projects=(m.Project(project, product, need=horizon, priority=priority, houses=(house,)),),
        hoses=(m.Hose(campus, amount, amount, growth),),
    )
    write_plan(plan, tmp_path / "any", overwrite=True)
    assert read_plan(tmp_path / "any") == plan


# --------------------------------------------------------------------------- other programs' CSV


def other_csv(text: str) -> list[bytes]:
    """The table as other programs may write it."""
    quoted = "\n".join(
        ",".join(f'"{cell}"' for cell in row.split(",")) for row in text.splitlines()
    )
    return [
        b"\xef\xbb\xbf" + text.encode(),
        text.replace("\n", "\r\n").encode(),
        text.replace("\n", "\r").encode(),
        text.replace(";", "|").replace(",", ";").replace("|", ",").encode()
        if ";" not in text
        else text.encode(),
        text.replace(",", "\t").encode(),
        quoted.encode(),
        text.replace(",", " , ").encode(),
        text.rstrip("\n").encode(),
        text.replace("\n", "\n\n", 3).encode().replace(b"\n\n", b"\n", 1),
        "\n".join(f"{row},," for row in text.splitlines()).encode(),
    ]


@pytest.mark.parametrize("dialect", range(10))
def test_what_other_programs_write(folder: Folder, dialect: int) -> None:
    plan = read_plan(folder())
    for name in ("sites", "supply", "items", "inventory", "links", "flows"):
        assert read_plan(folder(**{name: other_csv(TABLES[f"{name}.csv"])[dialect]})) == plan


def test_columns_stand_in_any_order(folder: Folder) -> None:
    plan = read_plan(folder())
    rows = [row.split(",") for row in TABLES["links.csv"].splitlines()]
    turned = "\n".join(",".join(reversed(row)) for row in rows)
    assert read_plan(folder(links=turned)) == plan


# --------------------------------------------------------------------------- hostile input

HEAD = {
    "sites": "id,kind,parent\n",
    "supply": "site,resource,month,amount\n",
    "flows": "product,class,a,z,gbps,growth\n",
}
HOSTILE = [
    # table, its text, what must be said
    ("plan", None, "plan.yaml: this|plan.yaml: cannot be read"),
    ("sites", None, "sites.csv: this file is missing"),
    ("plan", "start: 2027-01\nhorizn: 3\n", "did you mean 'horizon'"),
    ("plan", "horizon: 12\n", "column start: expected the first month"),
    ("plan", "start: 2027-01\nstart: 2027-02\n", "start is there twice"),
    ("plan", "start: 2027-13\n", "'2027-13' - expected the first month"),
    ("plan", "start: 2027-01\nhorizon: 1e9\n", "expected a whole number of months 1..120"),
    ("plan", "start: 2027-01\npolicies: {residual: .nan}\n", "'nan' - expected a number 0.01..1"),
    ("plan", "start: 2027-01\npolicies: {failures: [nobody]}\n", "no link of links.csv"),
    ("plan", "start: 2027-01\npolicies: {lost_fbr: 2}\n", "did you mean 'lost_fbrs'"),
    ("plan", "a: &a [x]\nb: *a\n", "anchors are not read"),
    ("plan", "a: " + "[" * 5000, "cannot be read as YAML"),
    ("plan", "a: !!python/object:os.system {}", "cannot be read as YAML"),
    ("plan", "x" * 100_000, "larger than"),
    ("plan", "- 1\n", "expected keys and values"),
    ("sites", "", "row 1: expected a header"),
    ("sites", HEAD["sites"], "has no site"),
    ("sites", "id,kind\nc,campus\nh,house\n", "row 3, column parent: a house needs the campus"),
    ("sites", "id,kind,parnt\nc,campus,\n", "did you mean 'parent'"),
    ("sites", "id,parent\nc,\n", "column kind: this column is missing"),
    ("sites", "id,id,kind\nc,c,campus\n", "this column is there twice"),
    ("sites", HEAD["sites"] + "a,campus,b\nb,campus,a\n", "is above itself: a > b > a"),
    ("sites", HEAD["sites"] + "a,region,a\n", "is above itself: a > a"),
    ("sites", HEAD["sites"] + "r,region,\nh,house,r\n", "'r (region)' - expected a campus"),
    ("sites", HEAD["sites"] + "c,campus,\nd,campus,c\n", "'c (campus)' - expected a region"),
    ("sites", HEAD["sites"] + "a,campus,\na,campus,\n", "'a' - is in row 2 already"),
    ("sites", HEAD["sites"] + "a,shed,\n", "expected region or campus or house"),
    ("sites", HEAD["sites"] + "*,campus,\n", "means any site"),
    ("sites", HEAD["sites"] + ",campus,\n", "row 2, column id: expected a value"),
    ("sites", HEAD["sites"] + "a\x00b,campus,\n", "printable characters"),
    ("sites", HEAD["sites"] + "a" * 101 + ",campus,\n", "at most 100"),
    ("sites", HEAD["sites"] + "c,campus,,,x\n", "expected 3 at most"),
    ("sites", HEAD["sites"] + '"c,campus,\n', "quotes that are closed"),
    ("sites", HEAD["sites"].encode() + b"caf\xe9,campus,\n", "row 2: 'byte 0xe9' - expected UTF-8"),
    ("sites", (HEAD["sites"] + "c,campus,\n").encode("utf-16"), "expected UTF-8"),
    ("sites", "id;kind,parent\n", "separated by commas"),
    ("supply", HEAD["supply"] + "h1,power,1,5\n", "house h2 has no row for space"),
    ("supply", more("supply", "h9,power,1,5"), "'h9' - there is no such id in sites.csv"),
    ("supply", more("supply", "h1,pwer,1,5"), "did you mean 'power'"),
    ("supply", more("supply", "h1,power,1,5"), "is in row 3 already"),
    ("supply", more("supply", "h1,power,13,5"), "expected a month 1..12, or 2027-01..2027-12"),
    ("supply", more("supply", "h1,power,0,5"), "row 9, column month: '0'"),
    ("supply", more("supply", "h1,power,2026-12,5"), "'2026-12' - expected a month"),
    ("supply", more("supply", "h1,power,2027-13,5"), "'2027-13' - expected a month"),
    ("supply", more("supply", "h1,power,1.5,5"), "'1.5' - expected a month"),
    ("supply", more("supply", "h1,power,2,-5"), "'-5' - expected a number 0..1e12"),
    ("supply", more("supply", "h1,power,2,NaN"), "'NaN' - expected a number"),
    ("supply", more("supply", "h1,power,2,inf"), "'inf' - expected a number"),
    ("supply", more("supply", "h1,power,2,1e13"), "'1e13' - expected a number"),
    ("supply", more("supply", "h1,power,2,1e999"), "'1e999' - expected a number"),
    ("supply", more("supply", 'h1,power,2,"1,5"'), "a decimal point, not a comma"),
    ("supply", more("supply", "h1,power,2,"), "column amount: expected a value"),
    ("items", more("items", "x,superblock,0,512,400,,,1,1,"), "that is what a superblock brings"),
    ("items", more("items", "x,line,,,,,,1,1,"), "column gbps: '0' - expected more than 0"),
    ("items", more("items", "x,line,1.5,,1,,,1,1,"), "'1.5' - expected a whole number 0..1e9"),
    ("items", more("items", "x,line,,,1,,,1,121,"), "expected a whole number 0..120"),
    ("inventory", more("inventory", "c1,sb,1,,,"), "'c1 (campus)' - expected a house or a link"),
    ("inventory", more("inventory", "h1,wave,1,,,"), "is a line, and h1 is a house"),
    ("inventory", more("inventory", "l1,sb,1,,,"), "is of role superblock, and l1 is a link"),
    ("inventory", more("inventory", "h2,sb,,2,,"), "the month in which the units on order arrive"),
    ("inventory", more("inventory", "h2,sb,,,3,"), "expected the units that arrive"),
    ("inventory", more("inventory", "h2,sb,1,,,maybe"), "expected yes or no"),
    (
        "inventory",
        more("inventory", "ll1,wave,1,,,"),
        "in sites.csv or links.csv; did you mean 'l1'",
    ),
    ("inventory", more("inventory", "l1,wave,,6,2,"), "may have 8 units, and gets 9"),
    ("links", more("links", "l2,c1,c1,wave,1,"), "is a link to itself"),
    ("links", more("links", "l2,c1,r,wave,1,"), "'r (region)' - expected a campus or a house"),
    ("links", more("links", "l2,c1,c3,sb,1,"), "expected an item of role line"),
    ("links", more("links", "l2,c1,c3,wave,0,"), "'0' - expected a whole number 1..1e9"),
    ("links", more("links", "h1,c1,c3,wave,1,"), "is the id of a house too"),
    ("projects", more("projects", "q,s,machine,,,,,,5,4,,,,,"), "is before its earliest month, 5"),
    ("projects", more("projects", "q,s,machine,,,,,,,4,,h1;h7,,,"), "column houses: 'h7'"),
    ("projects", more("projects", "q,s,machine,,,,,,,4,,h1,h2,,"), "is not one of its houses"),
    ("projects", more("projects", "q,s,machine,,,,,,,4,,c1,,,"), "'c1' - there is no such id"),
    ("projects", more("projects", "q,s,machine,,,,,,,4,,,,sk,"), "machines install no item"),
    ("projects", more("projects", "q,s,network,,,,,,,4,,,,sk,"), "how many units"),
    ("projects", more("projects", "q,s,network,,,,,,,4,,,,,1"), "the item that is installed"),
    ("projects", more("projects", "q,s,network,5,,,,,,4,,,,sk,1"), "column racks: '5.0'"),
    ("projects", more("projects", "q,s,network,,,,,,,4,,,,wave,1"), "order it for a link"),
    ("projects", more("projects", "q,s,machine,,,,,,,4,0,,,,"), "column priority: '0'"),
    ("flows", more("flows", "mail,gold,*,*,5,"), "is at both ends"),
    ("flows", more("flows", "mail,gold,*,c1,5,"), "no machine project of projects.csv"),
    ("flows", more("flows", "mail,gold,c1,c1,5,"), "is a flow to itself"),
    ("flows", more("flows", "mail,gold,c1,r,5,"), "'r (region)' - expected a campus or a house"),
    ("flows", more("flows", "mail,gold,c1,c3,5,"), "has no way from c1 to c3"),
    ("flows", more("flows", "search,gold,*,c3,5,"), "to any house where the product may stand"),
    ("flows", more("flows", "mail,gold,c1,h2,5,"), "is in row 3 already"),
    ("flows", more("flows", "mail,gold,c1,c2,5,-1"), "'-1' - expected a number -0.99..100"),
    ("plan", "start: 2027-01\npolicies: {demand: hose}\n", "hose.csv: is missing or empty"),
    ("placements", "project,house,month\np1,h1,1\n", "before the earliest month of p1, 2"),
    ("placements", "project,house,month\np2,h1,4\n", "p2 is fixed to h2"),
    ("placements", "project,house,month\np9,h1,4\n", "'p9' - there is no such id in projects.csv"),
    ("placements", "project,house,month\np1,h1,4\np1,h2,4\n", "'p1' - is in row 2 already"),
    ("orders", "place,item,units,month\nh1,sb,0,1\n", "'0' - expected a whole number 1..1e9"),
    ("orders", "place,item,units,month\nh1,sb,1,1\nh1,sb,2,1\n", "is in row 2 already"),
    ("orders", "place,item,units,month\nl1,wave,6,1\n", "may have 8 units, and gets 9"),
]


@pytest.mark.parametrize(("table", "text", "said"), HOSTILE)
def test_hostile_input_is_named(folder: Folder, table: str, text: str | None, said: str) -> None:
    found = complaints(folder(**{table: text}))
    assert any(part in line for part in said.split("|") for line in found), found


def test_one_mistake_is_one_complaint(folder: Folder) -> None:
    """A wrong cell or a missing table is not also reported as everything that depends on it."""
    cases: dict[str, str | None] = {
        "supply": more("supply", "h9,power,1,-5").replace("-5", "5"),
        "projects": more("projects", "q,s,machin,,,,,,,4,,,,sk,"),
        "items": None,
        "inventory": None,
        "placements": "project,house,month\np1,h1,99\n",
        "links": TABLES["links.csv"].replace("c1,c2", "c1,c9"),
        "sites": TABLES["sites.csv"].replace("h1,house", "h1,hose"),
    }
    counts = {name: len(complaints(folder(**{name: text}))) for name, text in cases.items()}
    assert set(counts.values()) == {1}, counts


def test_wrong_cells_make_no_further_complaints(folder: Folder) -> None:
    long = "x" * 101
    wrong = folder(items=more("items", f"{long},line,,,1,,,1,1,", f"{long},line,,,1,,,1,1,"))
    assert all("at most 100" in line for line in complaints(wrong))
    wrong = folder(items=None, supply=more("supply", "h1,power,99,5", "h1,power,98,5"))
    assert [(p.file, p.row) for p in _caught(wrong).problems] == [
        ("items.csv", None),
        ("supply.csv", 9),
        ("supply.csv", 10),
    ]


@pytest.mark.parametrize("plan", [None, "start: soon\n", "start: [\n"])
def test_without_a_start_dated_months_are_not_all_wrong(folder: Folder, plan: str | None) -> None:
    assert len(complaints(folder(plan=plan))) == 1


def test_all_problems_at_once_in_order(folder: Folder) -> None:
    wrong = folder(
        plan="start: 2027-01\nfoo: 1\n",
        supply=more("supply", "h1,power,13,-5"),
        flows=more("flows", "mail,gold,c1,c9,x,"),
    )
    assert [(p.file, p.row, p.column, p.found) for p in _caught(wrong).problems] == [
        ("plan.yaml", None, None, "foo"),
        ("flows.csv", 4, "gbps", "x"),
        ("flows.csv", 4, "z", "c9"),
        ("supply.csv", 9, "month", "13"),
        ("supply.csv", 9, "amount", "-5"),
    ]


def _caught(folder: Path) -> InvalidPlanError:
    with pytest.raises(InvalidPlanError) as caught:
        read_plan(folder)
    return caught.value


def test_the_message_is_short_and_the_data_whole(folder: Folder) -> None:
    rows = [f"u{n},power,1,5" for n in range(332)]
    error = _caught(folder(supply=more("supply", *rows)))
    assert (error.total, len(error.problems)) == (332, 332)
    assert str(error).splitlines()[-1] == "and 312 more"
    assert len(str(error).splitlines()) == 22


def test_the_command_line_shows_a_line_for_each(folder: Folder) -> None:
    wrong = folder(supply=more("supply", *(f"u{n},power,1,5" for n in range(30))))

    result = CliRunner().invoke(program, ["plan", "check", str(wrong)])
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert len(lines) == 22
    assert lines[0].endswith("has 30 problems:")
    assert lines[-1] == "commonplace: and 10 more"


def test_rows_are_counted_as_a_spreadsheet_does(folder: Folder) -> None:
    text = HEAD["flows"] + '"mail","go\nld",c1,c2,5,\n\nmail,silver,c1,c2,-1,\n'
    found = [(p.row, p.column) for p in _caught(folder(flows=text)).problems]
    assert (4, "gbps") in found


def test_a_table_whose_name_is_nearly_right(folder: Folder) -> None:
    place = folder(flows=None)
    (place / "flow.csv").write_text(TABLES["flows.csv"])
    assert complaints(place) == ["flow.csv: no file of a plan has this name; did you mean 'flows'?"]
    (place / "flow.csv").unlink()
    (place / "notes.csv").write_text("anything")
    read_plan(place)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        read_plan(tmp_path / "none")
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="is a file"):
        read_plan(tmp_path / "file")
    with pytest.raises(InvalidPlanError, match="missing from the folder"):
        read_plan(tmp_path)


def test_a_folder_in_place_of_a_file(folder: Folder) -> None:
    place = folder(flows=None)
    (place / "flows.csv").mkdir()
    assert complaints(place) == ["flows.csv: cannot be read: it is not a file"]


@pytest.mark.parametrize("wrong", [False, True])
def test_many_rows_take_no_quadratic_time(folder: Folder, wrong: bool) -> None:
    product, site, sign = ("zz", "c9", -1) if wrong else ("mail", "c1", 0)

    def read(count: int) -> None:
        rows = "".join(f"{product},k{n},{site},c2,{sign * n},\n" for n in range(1, count + 1))
        place = folder(flows=HEAD["flows"] + rows)
        if wrong:
            error = _caught(place)
            assert error.total == 2 * count
            assert json.dumps([vars(problem) for problem in error.problems])
        else:
            assert len(read_plan(place).flows) == count

    assert in_proportion(read, 5_000)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    table=st.sampled_from([name.partition(".")[0] for name in TABLES]),
    place=st.floats(0, 1),
    junk=st.one_of(st.binary(max_size=20), st.sampled_from([b",", b'"', b"\n", b";", b"-1", b"*"])),
    cut=st.integers(0, 20),
)
def test_bytes_of_any_kind_never_break_it(
    folder: Folder, table: str, place: float, junk: bytes, cut: int
) -> None:
    name = next(name for name in TABLES if name.startswith(table))
    data = TABLES[name].encode()
    at = int(place * len(data))
    with suppress(InvalidPlanError):  # nothing else may escape
        read_plan(folder(**{table: data[:at] + junk + data[at + cut :]}))


def test_what_is_decided_stands_where_its_flows_have_a_way(folder: Folder) -> None:
    sites = TABLES["sites.csv"] + "h3,house,c3\n"
    supply = TABLES["supply.csv"] + "h3,space,1,9\nh3,power,1,9\nh3,network_space,1,9\n"
    projects = TABLES["projects.csv"] + "p3,search,machine,1,5,8,800,10,,4,,,,,\n"
    placements = TABLES["placements.csv"] + "p3,h3,4\n"
    with pytest.raises(InvalidPlanError) as found:
        read_plan(folder(sites=sites, supply=supply, projects=projects, placements=placements))
    assert [str(one) for one in found.value.problems if one.file == "placements.csv"] == [
        "placements.csv, row 3, column house: 'h3' - links.csv has no way between here and c2, "
        "where flows of p3 go"
    ]
    read_plan(
        folder(sites=sites, supply=supply, projects=projects, placements=TABLES["placements.csv"])
    )
