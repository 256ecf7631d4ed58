"""NetBox's exports: devices, racks, cables, power feeds and sites, as CSV or as the API's JSON.

Notable: a site becomes a house, its region (if sites are given) the campus. NetBox knows what
is installed, not what it is for: a device's role is read from the words of its name, its ports from
its interfaces or cables. What was guessed is in `assumed`, what found no place is in `left_out`.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from commonplace.capacity.importers._netbox_records import KINDS, Record, read_records
from commonplace.capacity.importers._network import START, Imported, LeftOut, unique_ids
from commonplace.capacity.plan.model import Inventory, Item, Link, Plan, Role, Site, Supply
from commonplace.foundation import InputError

PORT_GBPS = 400.0
_ROLES: tuple[tuple[Role, tuple[str, ...]], ...] = (
    ("fbr", ("fbr", "border", "edge", "wan", "router")),
    ("skeleton", ("skeleton", "spine", "core", "ocs")),
    ("superblock", ("superblock", "aggregation", "agg", "leaf", "tor", "access")),
)
_NETWORK = ("network", "net", "fabric", "switch")  # words of a rack's role: the gray box
_HERE = ("", "active", "available", "connected")


@dataclass
class _Region:
    """What is known of the sites so far."""

    port_gbps: float
    campus_of: dict[str, str] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)

    def leave_out(self, what: str, why: str) -> None:
        self.left_out.append(LeftOut(what, why))


def import_netbox(paths: Sequence[Path], port_gbps: float = PORT_GBPS) -> Imported:
    """A plan of some exports; each file's kind is told by its columns.

    Raises:
        InputError: a file is none of these exports, or none names a site.
    """
    records, missing = read_records(paths)
    region = _Region(port_gbps)
    for kind, count in missing.items():
        region.leave_out(
            f"{count} {kind}", "are on other pages of the API: give the files of all pages"
        )
    sites = _sites(records, region)
    items, inventory = _devices(records, region)
    lines, links, lit = _links(records, region)
    supplies = (*_space(records, region), *_power(records, region))
    ids = unique_ids([name for site in sites for name in (site.id, site.parent or "") if name])
    plan = Plan(
        "netbox",
        START,
        sites=tuple(Site(ids[s.id], s.kind, ids[s.parent] if s.parent else None) for s in sites),
        supplies=tuple(Supply(ids[s.site], s.resource, s.month, s.amount) for s in supplies),
        items=(*items, *lines),
        inventory=(*(Inventory(ids[i.place], i.item, i.on_hand) for i in inventory), *lit),
        links=tuple(Link(k.id, ids[k.a], ids[k.z], k.item, k.max_units, k.group) for k in links),
    )
    return Imported(plan, tuple(region.left_out), tuple(region.assumed))


def _sites(records: dict[str, list[Record]], region: _Region) -> list[Site]:
    """Campuses and houses; a site whose region is not known is a campus of its own."""
    known = {one["name"]: one.get("region") or one.get("group", "") for one in records["sites"]}
    for one in records["devices"]:
        if one.get("site") and one.get("region"):
            known.setdefault(one["site"], one["region"])
    named = [one.get("site", "") for kind in KINDS for one in records[kind]]
    houses = list(dict.fromkeys([*known, *(name for name in named if name)]))
    if not houses:
        raise InputError("the exports name no site; give NetBox's devices or racks")
    region.campus_of = {house: known.get(house) or f"{house} campus" for house in houses}
    campuses = [
        f"{name} (region)" if name in houses else name for name in region.campus_of.values()
    ]
    region.campus_of = dict(zip(houses, campuses, strict=True))
    if alone := sum(not known.get(house) for house in houses):
        region.assumed.append(
            f"{alone} sites are campuses of their own: no export names their region"
        )
    return [
        *(Site(campus, "campus") for campus in dict.fromkeys(campuses)),
        *(Site(house, "house", region.campus_of[house]) for house in houses),
    ]


def _here(one: Record, what: str, region: _Region) -> bool:
    status = one.get("status", "").lower()
    if status not in _HERE:
        region.leave_out(f"{what} {one.get('name', '?')}", f"its status is {status}")
    return status in _HERE


# --------------------------------------------------------------------------- devices


def _devices(
    records: dict[str, list[Record]], region: _Region
) -> tuple[list[Item], list[Inventory]]:
    """Network devices as items by type and role, with how many each house has."""
    cables = _cables_at(records["cables"])
    ports: dict[tuple[str, Role], int] = defaultdict(int)
    units: Counter[tuple[str, tuple[str, Role]]] = Counter()
    others: Counter[str] = Counter()
    for one in records["devices"]:
        role = _role(one.get("role", ""))
        if role is None:
            others[one.get("role") or "none"] += 1
        elif not one.get("site"):
            region.leave_out(f"device {one.get('name', '?')}", "has no site")
        elif _here(one, "device", region):
            key = (one.get("type") or "device", role)
            count = _count(one.get("interface_count", "")) or cables[one.get("name", "")]
            ports[key] = max(ports[key], count)
            units[one["site"], key] += 1
    for name, count in others.items():
        region.leave_out(f"{count} devices of role {name}", "no part of the network by that name")
    ids = unique_ids([f"{model} {role}" for model, role in ports])
    kept = {key: ids[f"{key[0]} {key[1]}"] for key in ports if ports[key] > 1}
    for key in ports.keys() - kept.keys():
        why = "neither interface_count nor cables tell its ports"
        region.leave_out(f"devices of type {key[0]}", why)
    if kept:
        what = "half of a device's ports are south, all of a skeleton's"
        region.assumed.append(f"{what}; each has {region.port_gbps:g} Gb/s; kW and cost are 0")
    items = [_item(kept[key], key[1], ports[key], region.port_gbps) for key in kept]
    return items, [
        Inventory(site, kept[key], count) for (site, key), count in units.items() if key in kept
    ]


def _item(id: str, role: Role, ports: int, gbps: float) -> Item:
    south = ports if role == "skeleton" else ports // 2
    return Item(id, role, south, 0 if role == "skeleton" else ports - south, gbps, positions=1)


def _role(name: str) -> Role | None:
    words = set("".join(c if c.isalnum() else " " for c in name.lower()).split())
    return next((role for role, known in _ROLES if words & set(known)), None)


def _at(cable: Record, end: str, region: _Region) -> str:
    """The site that the cable itself names for an end, if any export knows it."""
    site = cable.get(f"site_{end}", "")
    return site if site in region.campus_of else ""


def _count(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def _cables_at(cables: list[Record]) -> Counter[str]:
    return Counter(one[end] for one in cables for end in ("device_a", "device_b") if one.get(end))


# --------------------------------------------------------------------------- cables


def _links(
    records: dict[str, list[Record]], region: _Region
) -> tuple[list[Item], list[Link], list[Inventory]]:
    """Cables between devices of two sites, as units of a line between their campuses."""
    site_of = {one.get("name", ""): one.get("site", "") for one in records["devices"]}
    between: Counter[tuple[str, str]] = Counter()
    inside = 0
    for number, one in enumerate(records["cables"], 1):
        sites = [
            _at(one, end, region) or site_of.get(one.get(f"device_{end}", ""), "") for end in "ab"
        ]
        if not all(sites):
            name = one.get("label") or one.get("id") or str(number)
            region.leave_out(f"cable {name}", "an end is no device of the devices' export")
        elif sites[0] == sites[1]:
            inside += 1
        elif _here(one | {"name": one.get("label", "?")}, "cable", region):
            a, z = sorted(region.campus_of[site] for site in sites)
            between[a, z] += 1
    if inside:
        region.leave_out(f"{inside} cables within a house", "a house is planned by its ports")
    same = sum(count for (a, z), count in between.items() if a == z)
    if same:
        region.leave_out(f"{same} cables within a campus", "a campus is one node of the backbone")
    line = Item(f"cable-{region.port_gbps:g}", "line", gbps=region.port_gbps)
    pairs = {pair: count for pair, count in between.items() if pair[0] != pair[1]}
    ids = unique_ids([f"{a} - {z}" for a, z in pairs])
    links = [
        Link(ids[f"{a} - {z}"], a, z, line.id, count, ids[f"{a} - {z}"])
        for (a, z), count in pairs.items()
    ]
    return [line] * bool(links), links, [Inventory(k.id, line.id, k.max_units) for k in links]


# --------------------------------------------------------------------------- space and power


def _space(records: dict[str, list[Record]], region: _Region) -> list[Supply]:
    """Racks of machines, and positions (rack units) of network racks: the gray box."""
    racks: Counter[str] = Counter()
    gray: dict[str, float] = defaultdict(float)
    for one in records["racks"]:
        if not one.get("site"):
            region.leave_out(f"rack {one.get('name', '?')}", "has no site")
        elif _here(one, "rack", region):
            words = set(one.get("role", "").lower().replace("-", " ").split())
            if words & set(_NETWORK):
                gray[one["site"]] += _count(one.get("u_height", "").upper().removesuffix("U")) or 42
            else:
                racks[one["site"]] += 1
    region.assumed.append("a rack whose role names the network is gray box, any other is space")
    houses = region.campus_of
    return [
        *(Supply(house, "space", 1, float(racks[house])) for house in houses),
        *(Supply(house, "network_space", 1, gray[house]) for house in houses),
    ]


def _power(records: dict[str, list[Record]], region: _Region) -> list[Supply]:
    """Primary feeds: volts x amperes (x root 3 with three phases) x the most that may be used."""
    rack = {one.get("name", ""): one.get("site", "") for one in records["racks"]}
    panel = {one.get("name", ""): one.get("site", "") for one in records["panels"]}
    kw: dict[str, float] = defaultdict(float)
    for one in records["feeds"]:
        site = one.get("site") or rack.get(one.get("rack", "")) or ""
        site = site or panel.get(one.get("power_panel", "")) or ""
        what = f"power feed {one.get('name', '?')}"
        volts, amperes = (_number(one.get(name, "")) for name in ("voltage", "amperage"))
        if one.get("type", "primary").lower() == "redundant":
            region.leave_out(what, "is redundant")
        elif not site:
            region.leave_out(what, "neither it nor its rack or panel has a site")
        elif not volts or not amperes:
            region.leave_out(what, "has no voltage or amperage")
        elif _here(one, "power feed", region):
            phases = math.sqrt(3) if one.get("phase", "").lower().startswith("three") else 1.0
            part = (_number(one.get("max_utilization", "")) or 80.0) / 100
            kw[site] += volts * amperes * phases * part / 1000
    return [Supply(house, "power", 1, round(kw[house], 3)) for house in region.campus_of]


def _number(text: str) -> float:
    try:
        found = abs(float(text.removesuffix("%")))
    except ValueError:
        return 0.0
    return found if math.isfinite(found) else 0.0
