"""NetBox's exports: devices, racks, cables, power feeds and sites, as CSV or as the API's JSON.

Notable: a site becomes a house, its region (if there is an export of sites) the campus. NetBox says
what is installed and not what it is for: the words of a device's role say what it is, its
interfaces or cables how many ports it has. Guesses are in `assumed`, what has no place in
`left_out`.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from commonplace.capacity.importers._netbox_records import KINDS, Record, read_records
from commonplace.capacity.importers._network import START, Imported, Omission, unique_ids
from commonplace.capacity.plan.model import Inventory, Item, Link, Plan, Role, Site, Supply
from commonplace.foundation import InputError

PORT_GBPS = 400.0
# the first that fits counts: a core router is a border router
_ROLES: tuple[tuple[Role, tuple[str, ...]], ...] = (
    ("fbr", ("fbr", "border", "edge", "wan", "router")),
    ("skeleton", ("skeleton", "spine", "core", "ocs")),
    ("superblock", ("superblock", "aggregation", "agg", "leaf", "tor", "access")),
)
_NETWORK = ("network", "net", "fabric", "switch")  # words of a rack's role: the gray box
_ACTIVE = ("", "active", "available", "connected")


@dataclass
class _Region:
    """The sites so far, with what was left out and assumed."""

    port_gbps: float
    campus_of: dict[str, str] = field(default_factory=dict)
    left_out: list[Omission] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)

    def leave_out(self, what: str, why: str) -> None:
        self.left_out.append(Omission(what, why))


def import_netbox(paths: Sequence[Path], port_gbps: float = PORT_GBPS) -> Imported:
    """A plan of some exports; the columns of a file tell its kind.

    Raises:
        InputError: a file is none of these exports, or none names a site.
    """
    records, missing = read_records(paths)
    region = _Region(port_gbps)
    for kind, count in missing.items():
        why = "are on other pages of the API: give the files of all pages"
        region.leave_out(f"{count} {kind}", why)
    sites = _sites(records, region)
    items, inventory = _devices(records, region)
    lines, links, lit = _links(records, region)
    supplies = (*_space(records, region), *_power(records, region))
    ids = unique_ids([name for site in sites for name in (site.id, site.parent or "") if name])
    plan = Plan(
        "netbox",
        START,
        sites=tuple(Site(ids[s.id], s.kind, ids[s.parent] if s.parent else None) for s in sites),
        supplies=tuple(replace(supply, site=ids[supply.site]) for supply in supplies),
        items=(*items, *lines),
        inventory=(*(replace(entry, place=ids[entry.place]) for entry in inventory), *lit),
        links=tuple(replace(link, a=ids[link.a], z=ids[link.z]) for link in links),
    )
    return Imported(plan, tuple(region.left_out), tuple(region.assumed))


def _sites(records: dict[str, list[Record]], region: _Region) -> list[Site]:
    """Campuses and houses; a site whose region is not known is a campus of its own."""
    region_of = {
        site["name"]: site.get("region") or site.get("group", "") for site in records["sites"]
    }
    for device in records["devices"]:
        if device.get("site") and device.get("region"):
            region_of.setdefault(device["site"], device["region"])
    named = [record.get("site", "") for kind in KINDS for record in records[kind]]
    houses = list(dict.fromkeys([*region_of, *(name for name in named if name)]))
    if not houses:
        raise InputError("the exports name no site; give NetBox's devices or racks")
    region.campus_of = {house: region_of.get(house) or f"{house} campus" for house in houses}
    campuses = [
        # a plan has one id for each site
        f"{name} (region)" if name in houses else name
        for name in region.campus_of.values()
    ]
    region.campus_of = dict(zip(houses, campuses, strict=True))
    if alone := sum(not region_of.get(house) for house in houses):
        why = "no export names their region"
        region.assumed.append(f"{alone} sites are campuses of their own: {why}")
    return [
        *(Site(campus, "campus") for campus in dict.fromkeys(campuses)),
        *(Site(house, "house", region.campus_of[house]) for house in houses),
    ]


def _is_active(record: Record, what: str, region: _Region) -> bool:
    status = record.get("status", "").lower()
    if status not in _ACTIVE:
        region.leave_out(f"{what} {record.get('name', '?')}", f"its status is {status}")
    return status in _ACTIVE


# --------------------------------------------------------------------------- devices


def _devices(
    records: dict[str, list[Record]], region: _Region
) -> tuple[list[Item], list[Inventory]]:
    """Network devices as items by type and role, with how many each house has."""
    cables = _cables_at(records["cables"])
    ports: dict[tuple[str, Role], int] = defaultdict(int)
    units: Counter[tuple[str, tuple[str, Role]]] = Counter()
    others: Counter[str] = Counter()
    for device in records["devices"]:
        role = _role(device.get("role", ""))
        if role is None:
            others[device.get("role") or "none"] += 1
        elif not device.get("site"):
            region.leave_out(f"device {device.get('name', '?')}", "has no site")
        elif _is_active(device, "device", region):
            key = (device.get("type") or "device", role)
            count = _count(device.get("interface_count", "")) or cables[device.get("name", "")]
            ports[key] = max(ports[key], count)  # not all ports of a device need have cables
            units[device["site"], key] += 1
    for name, count in others.items():
        region.leave_out(f"{count} devices of role {name}", "no part of the network by that name")
    ids = unique_ids([f"{model} {role}" for model, role in ports])
    # half of a single port is none
    item_ids = {key: ids[f"{key[0]} {key[1]}"] for key in ports if ports[key] > 1}
    for key in ports.keys() - item_ids.keys():
        why = "neither interface_count nor cables tell its ports"
        region.leave_out(f"devices of type {key[0]}", why)
    if item_ids:
        what = "half of a device's ports are south, all of a skeleton's"
        region.assumed.append(f"{what}; each has {region.port_gbps:g} Gb/s; kW and cost are 0")
    items = [_item(item_ids[key], key[1], ports[key], region.port_gbps) for key in item_ids]
    return items, [
        Inventory(site, item_ids[key], count)
        for (site, key), count in units.items()
        if key in item_ids
    ]


def _item(id: str, role: Role, ports: int, gbps: float) -> Item:
    south = ports if role == "skeleton" else ports // 2
    north = ports - south
    return Item(id, role, ports_south=south, ports_north=north, gbps=gbps, positions=1)


def _role(name: str) -> Role | None:
    words = set("".join(c if c.isalnum() else " " for c in name.lower()).split())
    return next((role for role, names in _ROLES if words & set(names)), None)


def _at(cable: Record, end: str, region: _Region) -> str:
    """The site that the cable itself names for an end, if an export has it."""
    site = cable.get(f"site_{end}", "")
    return site if site in region.campus_of else ""


def _count(text: str) -> int:
    # seven digits are no number of ports or rack units
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def _cables_at(cables: list[Record]) -> Counter[str]:
    ends = ("device_a", "device_b")
    return Counter(cable[end] for cable in cables for end in ends if cable.get(end))


# --------------------------------------------------------------------------- cables


def _links(
    records: dict[str, list[Record]], region: _Region
) -> tuple[list[Item], list[Link], list[Inventory]]:
    """Cables between devices of two sites, as units of a line between their campuses."""
    site_of = {device.get("name", ""): device.get("site", "") for device in records["devices"]}
    between: Counter[tuple[str, str]] = Counter()
    inside = 0
    for number, cable in enumerate(records["cables"], 1):
        sites = [
            _at(cable, end, region) or site_of.get(cable.get(f"device_{end}", ""), "")
            for end in "ab"
        ]
        if not all(sites):
            name = cable.get("label") or cable.get("id") or str(number)
            region.leave_out(f"cable {name}", "an end is no device of the devices' export")
        elif sites[0] == sites[1]:
            inside += 1
        elif _is_active(cable | {"name": cable.get("label", "?")}, "cable", region):
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
        # no ducts are known: cables of two campuses fail together
        Link(name, a, z, item=line.id, max_units=count, group=name)
        for (a, z), count in pairs.items()
        if (name := ids[f"{a} - {z}"])
    ]
    return [line] if links else [], links, [Inventory(k.id, line.id, k.max_units) for k in links]


# --------------------------------------------------------------------------- space and power


def _space(records: dict[str, list[Record]], region: _Region) -> list[Supply]:
    """Racks of machines, and positions (rack units) of network racks: the gray box."""
    racks: Counter[str] = Counter()
    gray: dict[str, float] = defaultdict(float)
    for rack in records["racks"]:
        if not rack.get("site"):
            region.leave_out(f"rack {rack.get('name', '?')}", "has no site")
        elif _is_active(rack, "rack", region):
            words = set(rack.get("role", "").lower().replace("-", " ").split())
            if words & set(_NETWORK):
                units = _count(rack.get("u_height", "").upper().removesuffix("U"))
                gray[rack["site"]] += units or 42  # the height that NetBox gives a new rack
            else:
                racks[rack["site"]] += 1
    region.assumed.append("a rack whose role names the network is gray box, any other is space")
    houses = region.campus_of
    return [
        *(Supply(house, "space", 1, float(racks[house])) for house in houses),
        *(Supply(house, "network_space", 1, gray[house]) for house in houses),
    ]


def _power(records: dict[str, list[Record]], region: _Region) -> list[Supply]:
    """Primary feeds: volts x amperes (x root 3 with three phases) x the most that may be used."""
    rack, panel = (
        {record.get("name", ""): record.get("site", "") for record in records[kind]}
        for kind in ("racks", "panels")
    )
    kw: dict[str, float] = defaultdict(float)
    for feed in records["feeds"]:
        site = feed.get("site") or rack.get(feed.get("rack", "")) or ""
        site = site or panel.get(feed.get("power_panel", "")) or ""
        what = f"power feed {feed.get('name', '?')}"
        volts, amperes = (_number(feed.get(name, "")) for name in ("voltage", "amperage"))
        if feed.get("type", "primary").lower() == "redundant":
            region.leave_out(what, "is redundant")
        elif not site:
            region.leave_out(what, "neither it nor its rack or panel has a site")
        elif not volts or not amperes:
            region.leave_out(what, "has no voltage or amperage")
        elif _is_active(feed, "power feed", region):
            phases = math.sqrt(3) if feed.get("phase", "").lower().startswith("three") else 1.0
            # 80 %: the most that NetBox lets a feed be used unless it is told otherwise
            part = (_number(feed.get("max_utilization", "")) or 80.0) / 100
            kw[site] += volts * amperes * phases * part / 1000
    return [Supply(house, "power", 1, round(kw[house], 3)) for house in region.campus_of]


def _number(text: str) -> float:
    try:
        value = abs(float(text.removesuffix("%")))
    except ValueError:
        return 0.0
    return value if math.isfinite(value) else 0.0
