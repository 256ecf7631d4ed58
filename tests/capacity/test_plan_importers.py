"""Importers: small files in the public formats give known plans, real ones their known sizes."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("polars", reason="a plan needs polars")

from commonplace.capacity import read_plan, write_plan
from commonplace.capacity.importers import (
    Imported,
    import_netbox,
    import_repetita,
    import_sndlib,
    import_topohub,
)
from commonplace.capacity.plan.model import Flow, Inventory, Item, Link, Site, Supply
from commonplace.cli import program
from commonplace.foundation import InputError

Write = Callable[[str, str], Path]
DATA = Path(os.environ.get("COMMONPLACE_DATA", "")) / "networks"
real = pytest.mark.skipif(
    "COMMONPLACE_DATA" not in os.environ, reason="COMMONPLACE_DATA is not set"
)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def reads_back(made: Imported, folder: Path) -> bool:
    write_plan(made.plan, folder, overwrite=True)
    return read_plan(folder) == made.plan


# --------------------------------------------------------------------------- SNDlib

SNDLIB: dict[str, Any] = {
    "meta": {"unit": "MBITPERSEC"},
    "nodes": [{"id": "A"}, {"id": "B"}, {"id": "C"}, {"id": "far"}],
    "links": [
        {
            "id": "L1",
            "source": "A",
            "target": "B",
            "pre_installed_capacity": 2500.0,
            "modules": [
                {"module_capacity": 40000.0, "module_cost": 90.0},
                {"module_capacity": 10000.0, "module_cost": 30.0},
            ],
        },
        {
            "id": "L2",
            "source": "B",
            "target": "C",
            "pre_installed_capacity": 0.0,
            "routing_cost": 2.5,
            "modules": [{"module_capacity": 10000.0, "module_cost": 30.0}],
        },
    ],
    "demands": [
        {"id": "D1", "source": "A", "target": "C", "routing_unit": 2, "demand_value": 3000.0},
        {"id": "D2", "source": "A", "target": "C", "routing_unit": 1, "demand_value": 500.0},
        {"id": "D3", "source": "A", "target": "far", "routing_unit": 1, "demand_value": 9.0},
    ],
    "admissible_paths": [],
}
NATIVE = """?SNDlib native format; type: network; version: 1.0
# network small

META (
  unit = MBITPERSEC
)
NODES (
  A ( 10.0 20.0 )
  B (-5.5 30.25)
  C ( 100.0 -80.0 )
  far ( 0 0 )
)
LINKS (
  L1 ( A B ) 2500.00 0.00 0.00 0.00 ( 40000.00 90.00 10000.00 30.00 )
  L2 ( B C ) 0.00 0.00 2.50 0.00 ( 10000.00 30.00 )
)
DEMANDS (
  D1 ( A C ) 2 3000.00 UNLIMITED
  D2 ( A C ) 1 500.00 UNLIMITED
  D3 ( A far ) 1 9.00 UNLIMITED
)
ADMISSIBLE_PATHS ( )
"""
XML = """<?xml version="1.0" encoding="UTF-8"?>
<network xmlns="http://sndlib.zib.de/network" version="1.0">
 <meta><unit>MBITPERSEC</unit></meta>
 <networkStructure>
  <nodes>
   <node id="A"/><node id="B"/><node id="C"/><node id="far"/>
  </nodes>
  <links>
   <link id="L1"><source>A</source><target>B</target>
    <preInstalledModule><capacity>2500.0</capacity><cost>0.0</cost></preInstalledModule>
    <additionalModules>
     <addModule><capacity>40000.0</capacity><cost>90.0</cost></addModule>
     <addModule><capacity>10000.0</capacity><cost>30.0</cost></addModule>
    </additionalModules></link>
   <link id="L2"><source>B</source><target>C</target><routingCost>2.5</routingCost>
    <additionalModules>
     <addModule><capacity>10000.0</capacity><cost>30.0</cost></addModule>
    </additionalModules></link>
  </links>
 </networkStructure>
 <demands>
  <demand id="D1"><source>A</source><target>C</target><routingUnit>2</routingUnit>
   <demandValue>3000.0</demandValue></demand>
  <demand id="D2"><source>A</source><target>C</target><routingUnit>1</routingUnit>
   <demandValue>500.0</demandValue></demand>
  <demand id="D3"><source>A</source><target>far</target><routingUnit>1</routingUnit>
   <demandValue>9.0</demandValue></demand>
 </demands>
</network>
"""
SNDLIB_FORMS = {"small.json": json.dumps(SNDLIB), "small.txt": NATIVE, "small.xml": XML}


@pytest.mark.parametrize("name", SNDLIB_FORMS)
def test_sndlib_in_its_three_formats(write: Write, tmp_path: Path, name: str) -> None:
    made = import_sndlib(write(name, SNDLIB_FORMS[name]))
    plan = made.plan
    assert plan.sites == tuple(Site(node, "campus") for node in ("A", "B", "C", "far"))
    assert plan.items == (
        Item("line-2.5", "line", gbps=2.5),
        Item("line-10-30", "line", gbps=10.0, cost=30.0),
    )
    assert plan.links == (
        Link("L1", "A", "B", "line-2.5", 1, "L1"),
        Link("L1+", "A", "B", "line-10-30", 1, "L1"),
        Link("L2", "B", "C", "line-10-30", 1, "L2"),
    )
    assert plan.inventory == (Inventory("L1", "line-2.5", 1), Inventory("L2", "line-10-30", 1))
    assert plan.flows == (
        Flow("demand", "all", "A", "C", 6.0),
        Flow("demand", "all-2", "A", "C", 0.5),
    )
    assert [one.what for one in made.left_out] == [
        "1 larger modules of link L1",
        "routing_cost of link L2",
        "demand A to far",
    ]
    assert made.assumed == (
        "link L2: nothing is installed, one module of 10 Gb/s is counted as there",
    )
    assert reads_back(made, tmp_path / "plan")


def test_sndlib_arcs_are_links_where_each_has_one_back(write: Write) -> None:
    links = [dict(link, routing_cost=0.0) for link in SNDLIB["links"]]
    back = [
        dict(one, id=f"{one['id']}b", source=one["target"], target=one["source"]) for one in links
    ]
    arcs = dict(SNDLIB, links=links + back)
    made = import_sndlib(write("arcs.json", json.dumps(arcs)))
    assert made.plan.links == import_sndlib(write("small.json", json.dumps(SNDLIB))).plan.links
    assert made.assumed[0] == "each link has one back: 4 arcs are 2 links"
    one_way = dict(arcs, links=arcs["links"][:3])
    assert len(import_sndlib(write("one.json", json.dumps(one_way))).plan.links) == 5
    parallel = dict(SNDLIB, links=[links[1], dict(links[1], id="L3")])
    assert len(import_sndlib(write("two.json", json.dumps(parallel))).plan.links) == 2


@real
@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("abilene", (12, 15, 132)),
        ("brain", (161, 332 // 2, 14311)),  # the file has arcs
        ("cost266", (37, 57, 1332)),
        ("geant", (22, 36, 462)),
        ("germany50", (50, 88, 662)),
        ("janos-us-ca", (39, 122 // 2, 1482)),
        ("nobel-germany", (17, 26, 121)),
        ("zib54", (54, 81, 1501)),
    ],
)
def test_sndlib_instances_have_their_known_sizes(
    tmp_path: Path, name: str, sizes: tuple[int, int, int]
) -> None:
    made = import_sndlib(DATA / "sndlib" / f"{name}.json")
    groups = {link.group for link in made.plan.links}
    assert (len(made.plan.sites), len(groups), len(made.plan.flows)) == sizes
    given = json.loads((DATA / "sndlib" / f"{name}.json").read_text())
    unit = {"MBITPERSEC": 1e-3, "BITSPERSEC": 1e-9}.get(given.get("meta", {}).get("unit"), 1.0)
    total = sum(demand["demand_value"] for demand in given["demands"]) * unit
    assert sum(flow.gbps for flow in made.plan.flows) == pytest.approx(total)
    assert reads_back(made, tmp_path / name)


# --------------------------------------------------------------------------- REPETITA

GRAPH = """NODES 3
label x y
0_New_York -74.0 40.7
1_Chicago -87.6 41.8
2_Hawaii -157.8 21.3

EDGES 7
label src dest weight bw delay
edge_0 0 1 1 10000000 1913
edge_1 1 0 1 10000000 1913
edge_2 0 1 1 2500000 1913
edge_3 1 0 1 1000000 1913
edge_4 1 2 1 5000000 900
edge_5 2 1 1 5000000 900
edge_6 2 0 1 7000000 900
"""
DEMANDS = """DEMANDS 3
label src dest bw
demand_0 0 1 193388
demand_1 0 2 84913
demand_2 2 0 7
"""


def test_repetita(write: Write, tmp_path: Path) -> None:
    made = import_repetita(write("Small.graph", GRAPH), write("Small.0000.demands", DEMANDS))
    plan = made.plan
    assert [site.id for site in plan.sites] == ["0_New_York", "1_Chicago", "2_Hawaii"]
    assert [(link.a, link.z, plan.item[link.item].gbps) for link in plan.links] == [
        ("0_New_York", "1_Chicago", 10.0),
        ("0_New_York", "1_Chicago", 1.0),
        ("1_Chicago", "2_Hawaii", 5.0),
    ]
    assert [flow.gbps for flow in plan.flows] == pytest.approx([0.193388, 0.084913, 7e-6])
    assert [(one.what, one.why) for one in made.left_out] == [
        ("1.5 Gb/s of link edge_2", "one way has 2.5, the other 1: the smaller is kept"),
        ("arc edge_6", "has none back, and a link carries both ways"),
        ("weights and delays of 7 arcs", "flows are split over any paths"),
    ]
    assert reads_back(made, tmp_path / "plan")


@real
@pytest.mark.parametrize("graph", sorted((DATA / "repetita").glob("*.graph")), ids=lambda p: p.stem)
def test_repetita_instances_are_whole(tmp_path: Path, graph: Path) -> None:
    """Half as many links as arcs, all of the demand; left out are loops, and weights at last."""
    made = import_repetita(graph, graph.with_suffix(".0000.demands"))
    arcs = int(graph.read_text().partition("EDGES ")[2].split()[0])
    rows = graph.with_suffix(".0000.demands").read_text().splitlines()[2:]
    total = sum(float(row.split()[3]) for row in rows if row.strip())
    loops = [one for one in made.left_out if one.why == "is from a node to itself"]
    assert len(made.plan.links) * 2 + len(loops) == arcs
    assert sum(flow.gbps for flow in made.plan.flows) == pytest.approx(total * 1e-6)
    assert len(made.left_out) == len(loops) + 1
    assert reads_back(made, tmp_path / "plan")


# --------------------------------------------------------------------------- topohub


def test_topohub(write: Write, tmp_path: Path) -> None:
    given = {
        "directed": False,
        "multigraph": False,
        "graph": {"name": "small", "demands": {"0": {"1": 3.5, "2": 1.0}}, "stats": {"nodes": 3}},
        "nodes": [
            {"name": "Lille", "pos": [3.06, 50.63], "id": 0},
            {"name": "Lyon", "pos": [4.83, 45.75], "id": 1},
            {"name": "", "pos": [0, 0], "id": 2},
        ],
        "edges": [{"source": 0, "target": 1, "dist": 558.0, "ecmp_fwd": {"uni": 39.4}}],
    }
    made = import_topohub(write("small.json", json.dumps(given)), scale=2.0)
    assert made.plan.sites == tuple(Site(name, "campus") for name in ("0_Lille", "1_Lyon", "2"))
    both = "0_Lille - 1_Lyon"
    assert made.plan.links == (Link(both, "0_Lille", "1_Lyon", "line-100", 1, both),)
    assert made.plan.flows == (Flow("demand", "all", "0_Lille", "1_Lyon", 7.0),)
    assert [one.what for one in made.left_out] == [
        "positions of 3 nodes, distances and traffic shares of 1 links",
        "demand 0_Lille to 2",
    ]
    assert reads_back(made, tmp_path / "plan")


# --------------------------------------------------------------------------- NetBox

NETBOX_CSV = {
    "sites.csv": "Name,Status,Region,Facility\nDC1,Active,West,\nDC2,Active,East,\n",
    "devices.csv": "Name,Status,Site,Rack,Role,Type\n"
    "agg1,Active,DC1,N1,Aggregation block,AB-4\nagg2,Active,DC1,N1,Aggregation block,AB-4\n"
    "sp1,Active,DC1,N1,Spine,SP-8\nbr1,Active,DC1,N1,Border router,BR-2\n"
    "br2,Active,DC2,N2,Border router,BR-2\nagg3,Planned,DC2,N2,Aggregation block,AB-4\n"
    "srv1,Active,DC1,R1,Server,S\nsrv2,Active,DC1,R1,Server,S\n",
    "racks.csv": "Name,Site,Status,Role,Height\n"
    "R1,DC1,Active,Compute,42\nR2,DC1,Active,Compute,42\n"
    "N1,DC1,Active,Network,48\nN2,DC2,Active,Network,42\nR9,DC2,Reserved,Compute,42\n",
    "cables.csv": "ID,Label,Device A,Termination A,Device B,Termination B,Status\n"
    "1,,agg1,p1,sp1,p1,Connected\n2,,agg1,p2,sp1,p2,Connected\n3,,agg2,p1,sp1,p3,Connected\n"
    "4,,br1,p1,sp1,p4,Connected\n5,long,br1,p2,br2,p1,Connected\n6,,br1,p3,br2,p2,Connected\n"
    "7,,br1,p4,elsewhere,p1,Connected\n8,,br2,p3,srv1,p1,Planned\n",
    "feeds.csv": "Name,Power panel,Rack,Status,Type,Voltage,Amperage,Phase,Max utilization\n"
    "f1,P,R1,Active,Primary,230,32,Single phase,80\n"
    "f2,P,R1,Active,Redundant,230,32,Single phase,80\n"
    "f3,P,N2,Active,Primary,400,32,Three-phase,50\n"
    "f4,P,none,Active,Primary,400,32,Three-phase,50\n",
}


def as_netbox_json(text: str) -> str:
    """The same rows as NetBox's API gives them."""
    header, *rows = (line.split(",") for line in text.splitlines())
    results = []
    for row in rows:
        one: dict[str, object] = {}
        for column, cell in zip(header, row, strict=True):
            key = {"Type": "device_type", "Height": "u_height"}.get(column, column)
            key = key.lower().replace(" ", "_")
            if key in ("site", "rack", "role", "region"):
                one[key] = {"id": 1, "display": cell, "name": cell} if cell else None
            elif key in ("status", "phase") or (key == "device_type" and "Voltage" in header):
                name = "type" if key == "device_type" else key
                one[name] = {"value": cell.lower(), "label": cell}
            elif key == "device_type":
                one[key] = {"id": 2, "manufacturer": {"name": "M"}, "model": cell}
            elif key in ("device_a", "device_b"):
                one[f"{key[-1]}_terminations"] = [
                    {"object_type": "dcim.interface", "object": {"device": {"name": cell}}}
                ]
            else:
                one[key] = cell
        results.append(one)
    return json.dumps({"count": len(rows), "next": None, "results": results})


@pytest.mark.parametrize("form", ["csv", "json"])
def test_netbox(write: Write, tmp_path: Path, form: str) -> None:
    files = [
        write(name.replace("csv", form), text if form == "csv" else as_netbox_json(text))
        for name, text in NETBOX_CSV.items()
    ]
    made = import_netbox(files)
    plan = made.plan
    assert plan.sites == (
        Site("West", "campus"),
        Site("East", "campus"),
        Site("DC1", "house", "West"),
        Site("DC2", "house", "East"),
    )
    assert {(s.site, s.resource): s.amount for s in plan.supplies} == {
        ("DC1", "space"): 2,
        ("DC2", "space"): 0,
        ("DC1", "network_space"): 48,
        ("DC2", "network_space"): 42,
        ("DC1", "power"): 5.888,  # 230 V x 32 A x 0.8
        ("DC2", "power"): 11.085,  # 400 V x 32 A x root 3 x 0.5
    }
    assert {(i.place, plan.item[i.item].role): i.on_hand for i in plan.inventory} == {
        ("DC1", "superblock"): 2,
        ("DC1", "skeleton"): 1,
        ("DC1", "fbr"): 1,
        ("DC2", "fbr"): 1,
        ("East - West", "line"): 2,
    }
    by_role = {item.role: (item.ports_south, item.ports_north) for item in plan.items}
    assert by_role == {"superblock": (1, 1), "skeleton": (4, 0), "fbr": (2, 2), "line": (0, 0)}
    said = {f"{one.what}: {one.why}" for one in made.left_out}
    for part in (
        "2 devices of role Server",
        "device agg3: its status is planned",
        "rack R9: its status is reserved",
        "power feed f2: is redundant",
        "power feed f4: neither it nor its rack or panel has a site",
        "cable 7: an end is no device",
        "4 cables within a house",
    ):
        assert any(line.startswith(part) for line in said), said
    assert reads_back(made, tmp_path / "plan")


# The columns of `Export: All Data` in NetBox 4.6 (dcim/tables), those that matter, some others
NETBOX_46 = {
    "devices.csv": "Name|Status|Tenant|Role|Manufacturer|Type|Region|Site|Rack|Position|U Height"
    "|Interfaces\n"
    "agg1|Active||Aggregation|M|AB-4|West|DC1|N1|10|2|4\n"
    "br1|Active||Border|M|BR-2|West|DC1|N1|12|1|4\n"
    "br2|Active||Border|M|BR-2|East|DC2|N2|12|1|4\n",
    "racks.csv": "Name;Site;Location;Group;Status;Role;Type;Height;Devices;Space\n"
    "N1;DC1;;;Active;Network;R48;48U;2;5.0\nN2;DC2;;;Active;Network;R48;47U;1;5.0\n",
    "cables.csv": "ID,Label,Termination A,Termination B,Device A,Device B,Site A,Site B,Status\n"
    "1,,et-0,et-0,br1,br2,DC1,DC2,Connected\n2,,et-1,et-9,br1,old,DC1,DC2,Connected\n",
    "feeds.csv": "Name,Power Panel,Rack,Status,Type,Supply,Voltage,Amperage,Phase,Max Utilization"
    ",Available Power (VA),Site\nf1,P1,,Active,Primary,AC,400,32,Three-phase,80%,17736,\n",
    "panels.csv": "Name,Site,Location,Power Feeds\nP1,DC2,,1\n",
}


def test_netbox_as_its_tables_are_exported(write: Write, tmp_path: Path) -> None:
    made = import_netbox([write(name, text) for name, text in NETBOX_46.items()])
    plan = made.plan
    assert [(s.id, s.parent) for s in plan.sites if s.kind == "house"] == [
        ("DC1", "West"),
        ("DC2", "East"),
    ]
    supplies = {(s.site, s.resource): s.amount for s in plan.supplies}
    assert supplies["DC1", "network_space"] == 48
    assert supplies["DC2", "network_space"] == 47
    assert supplies["DC2", "power"] == pytest.approx(400 * 32 * 3**0.5 * 0.8 / 1000, abs=1e-3)
    assert {(i.place, plan.item[i.item].role): i.on_hand for i in plan.inventory} == {
        ("DC1", "superblock"): 1,
        ("DC1", "fbr"): 1,
        ("DC2", "fbr"): 1,
        ("East - West", "line"): 2,
    }
    assert reads_back(made, tmp_path / "plan")


def test_netbox_s_first_page_is_not_taken_for_all(write: Write) -> None:
    page = json.loads(as_netbox_json(NETBOX_CSV["racks.csv"]))
    page |= {"count": 120, "next": "https://netbox/api/dcim/racks/?limit=5&offset=5"}
    made = import_netbox([write("racks.json", json.dumps(page))])
    assert made.left_out[0].what == "115 racks"
    assert "all pages" in made.left_out[0].why


def test_netbox_s_cables_without_devices_say_what_to_export(write: Write) -> None:
    cables = "ID,Label,Termination A,Termination B,Status,Type\n1,,et-0,et-0,Connected,SMF\n"
    with pytest.raises(InputError, match="export all data, with the columns Device A and B"):
        import_netbox([write("cables.csv", cables)])


def test_netbox_says_what_a_file_is_not(write: Write) -> None:
    with pytest.raises(InputError, match="no export of NetBox"):
        import_netbox([write("x.csv", "Name,Colour\na,red\n")])
    with pytest.raises(InputError, match="name no site"):
        import_netbox([write("y.csv", "Name,Status\n")])


def test_supplies_are_plain_numbers(write: Write) -> None:
    made = import_netbox([write("racks.csv", NETBOX_CSV["racks.csv"])])
    assert Supply("DC1", "power", 1, 0.0) in made.plan.supplies


# --------------------------------------------------------------------------- all

IMPORTERS: dict[str, tuple[Callable[[Path], Imported], str]] = {
    "json": (import_sndlib, json.dumps(SNDLIB)),
    "native": (import_sndlib, NATIVE),
    "xml": (import_sndlib, XML),
    "graph": (import_repetita, GRAPH),
    "demands": (lambda path: import_repetita(path.parent / "good.graph", path), DEMANDS),
    "devices": (lambda path: import_netbox([path]), NETBOX_CSV["devices.csv"]),
    "cables": (lambda path: import_netbox([path]), as_netbox_json(NETBOX_CSV["cables.csv"])),
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    kind=st.sampled_from(sorted(IMPORTERS)),
    place=st.floats(0, 1),
    cut=st.integers(0, 40),
    junk=st.one_of(
        st.binary(max_size=10),
        st.sampled_from([b"null", b"-1", b"[]", b"{}", b'"x"', b"nan", b"1e999", b"\n"]),
    ),
)
def test_damage_is_an_error_in_words_or_a_plan_that_reads(
    write: Write, tmp_path: Path, kind: str, place: float, cut: int, junk: bytes
) -> None:
    write("good.graph", GRAPH)
    importer, text = IMPORTERS[kind]
    data, at = text.encode(), int(place * len(text))
    path = tmp_path / "damaged"
    path.write_bytes(data[:at] + junk + data[at + cut :])
    try:
        made = importer(path)
    except InputError as error:
        problem = str(error)
    else:
        problem = "" if reads_back(made, tmp_path / "plan") else "differs"
        assert problem == ""


def test_a_bomb_of_entities_is_not_expanded(write: Write) -> None:
    bomb = XML.replace(
        "<network ", '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><network ', 1
    ).replace("3000.0", "&b;")
    with pytest.raises(InputError):
        import_sndlib(write("bomb.xml", bomb))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for importer in (import_sndlib, import_repetita, import_topohub):
        with pytest.raises(InputError, match="there is no such file"):
            importer(tmp_path / "none")


def test_the_command(write: Write, tmp_path: Path) -> None:
    def run(*words: str) -> str:
        done = CliRunner().invoke(program, ["plan", "import", *words], prog_name="commonplace")
        assert done.exit_code == 0, done.output
        return done.stdout

    graph, demands = write("S.graph", GRAPH), write("S.demands", DEMANDS)
    out = tmp_path / "out"
    shown = run("repetita", str(graph), str(demands), "--out", str(out))
    assert "3 campuses" in shown
    assert "arc edge_6: has none back" in shown
    words = ("repetita", str(graph), "--out", str(out), "--overwrite", "--json")
    told = json.loads(run(*words))
    assert (told["links"], told["flows"], len(told["left_out"])) == (3, 0, 3)
    assert read_plan(out).flows == ()
