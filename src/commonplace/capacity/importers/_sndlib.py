"""SNDlib networks: its JSON, XML and native text (Orlowski et al., Networks 55, 2010).

Notable: a link has installed capacity, and modules that may be added. They become two links in one
shared-risk group: what is there, and (`+`) what can be ordered in units of the smallest module. If
nothing is installed, one module counts as installed. Demands are directed. The file does not say
whether its links are: if each has an equal one back, the two become one link.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commonplace.capacity.importers._network import Demand, Imported, Line, Network, plan_of
from commonplace.capacity.importers._text import json_of, number, objects, text_of
from commonplace.foundation import InputError, display_path

_PREFIXES = {"": 1e-9, "K": 1e-6, "M": 1e-3, "G": 1.0, "T": 1e3}
_GBPS = {f"{p}{b}PERSEC": gbps for p, gbps in _PREFIXES.items() for b in ("BIT", "BITS")}
# id ( source target ) capacity, three costs ( modules )
_NATIVE_LINK = re.compile(r"(\S+) \( (\S+) (\S+) \) (\S+) (\S+) (\S+) (\S+) \(([^)]*)\)")
_NATIVE_DEMAND = re.compile(r"(\S+) \( (\S+) (\S+) \) (\S+) (\S+) (\S+)")


def import_sndlib(path: Path, scale: float = 1.0) -> Imported:
    """A plan of an SNDlib network file.

    Raises:
        InputError: the file is not of these formats.
    """
    text = text_of(path)
    formats = {"{": _from_json, "<": _from_xml}
    records = formats.get(text.lstrip()[:1], _from_native)(path, text)
    return plan_of(_network(path, records), scale)


def _network(path: Path, records: dict[str, Any]) -> Network:
    """The network of the records that all three formats have."""
    where = display_path(path)
    network = Network(path.stem)
    unit = str(records["meta"].get("unit", "")).upper()
    factor = _GBPS.get(unit, 1.0)
    if unit not in _GBPS:
        network.assumed.append("capacities and demands are in Gb/s: the file names no known unit")
    network.nodes = [str(node["id"]) for node in records["nodes"]]
    for demand in records["demands"]:
        at = f"{where}, demand {demand['id']}"
        units = number(demand.get("routing_unit", 1), at) * number(demand["demand_value"], at)
        ends = str(demand["source"]), str(demand["target"])
        network.demands.append(Demand(*ends, gbps=units * factor))
        if str(demand.get("max_path_length", "UNLIMITED")).upper() != "UNLIMITED":
            network.leave_out(f"longest path of demand {demand['id']}", "a plan limits no path")
    for link in _both_ways(records["links"], network):
        network.lines += _lines(link, factor, network, where)
    if records.get("admissible_paths"):
        network.leave_out("admissible paths", "flows of a plan are split over any paths")
    return network


def _both_ways(links: list[dict[str, Any]], network: Network) -> list[dict[str, Any]]:
    """The links; if each has an equal one back, the first of each two."""
    keys = [_key(link) for link in links]
    counts = Counter(keys)
    pairs = {(a, z): count == counts[z, a, gear] for (a, z, gear), count in counts.items()}
    if not links or not all(pairs.values()):
        return links
    network.assumed.append(f"each link has one back: {len(links)} arcs are {len(links) // 2} links")
    first, unpaired = [], Counter[tuple[str, str, str]]()
    for link, (a, z, gear) in zip(links, keys, strict=True):
        if unpaired[z, a, gear]:
            unpaired[z, a, gear] -= 1
        else:
            unpaired[a, z, gear] += 1
            first.append(link)
    return first


def _key(link: dict[str, Any]) -> tuple[str, str, str]:
    """The ends of a link, and its capacity and modules, which are the same both ways."""
    gear = repr((link.get("pre_installed_capacity"), link.get("modules")))
    return str(link["source"]), str(link["target"]), gear


def _lines(link: dict[str, Any], factor: float, network: Network, where: str) -> Iterator[Line]:
    """The installed line of a link, and the line that can be added to it."""
    name, a, z = str(link["id"]), str(link["source"]), str(link["target"])
    at = f"{where}, link {name}"
    installed = number(link.get("pre_installed_capacity", 0), at) * factor
    modules = sorted(
        (number(m["module_capacity"], at) * factor, number(m["module_cost"], at))
        for m in link.get("modules") or ()
    )
    modules = [module for module in modules if module[0] > 0]
    if modules[1:]:
        what = f"{len(modules) - 1} larger modules of link {name}"
        network.leave_out(what, "a link is made of one item, here its smallest module")
    for cost in ("routing_cost", "setup_cost", "pre_installed_capacity_cost"):
        if number(link.get(cost, 0), at):
            network.leave_out(f"{cost} of link {name}", "a plan has costs of items only")
    if installed or not modules:
        yield Line(name, a, z, gbps=installed, group=name)
    if modules:
        capacity, price = modules[0]
        total = sum(demand.gbps for demand in network.demands)
        most = max(1, min(10**6, math.ceil(total / capacity)))  # enough for all demands on it
        if not installed:
            why = f"nothing is installed, one module of {capacity:g} Gb/s is counted as there"
            network.assumed.append(f"link {name}: {why}")
        yield Line(
            id=f"{name}+" if installed else name,
            a=a,
            z=z,
            gbps=capacity,
            units=0 if installed else 1,
            max_units=most,
            cost=price,
            group=name,
        )


# --------------------------------------------------------------------------- three formats


def _from_json(path: Path, text: str) -> dict[str, Any]:
    records = json_of(path, text)
    if not isinstance(records, dict):
        raise InputError(f"{display_path(path)} is no SNDlib network: expected an object")
    meta = records.get("meta")
    return _complete(path, {**records, "meta": meta if isinstance(meta, dict) else {}})


def _complete(path: Path, records: dict[str, Any]) -> dict[str, Any]:
    """The records, if none of them lacks what it needs."""
    where = f"{display_path(path)} is no SNDlib network"
    needed = {
        "nodes": ("id",),
        "links": ("id", "source", "target"),
        "demands": ("id", "source", "target", "demand_value"),
    }
    for kind, keys in needed.items():
        entries = objects(records.get(kind), f"{where}: it has no list of {kind}")
        for place, record in enumerate(entries, 1):
            missing = [key for key in keys if record.get(key) is None]
            if missing:
                raise InputError(f"{where}: number {place} of its {kind} has no {missing[0]}")
    for link in records["links"]:
        problem = f"{where}: a module of link {link['id']} has no capacity or cost"
        for module in objects(link.get("modules") or [], problem):
            if not {"module_capacity", "module_cost"} <= module.keys():
                raise InputError(problem)
    return records


def _from_native(path: Path, text: str) -> dict[str, Any]:
    """NODES, LINKS and DEMANDS of the native format, a record a line."""
    records: dict[str, Any] = {"meta": {}, "nodes": [], "links": [], "demands": []}
    section = ""
    for row, line in enumerate(text.splitlines(), 1):
        words = " ".join(line.replace("(", " ( ").replace(")", " ) ").split())
        # a file opens with `?SNDlib native format`
        if not words or words.startswith(("#", "?")):
            continue
        if words == ")":
            section = ""
        elif not section and re.fullmatch(r"[A-Z_]+ \(", words):
            section = words.split()[0]
        elif not (not section and re.fullmatch(r"[A-Z_]+ \( \)", words)) and not _native_record(
            section, words, line, records
        ):
            at = f"{display_path(path)}, line {row}"
            what = section or "sections"
            raise InputError(f"{at}: '{line.strip()[:60]}' is no record of SNDlib's {what}")
    if not records["nodes"]:
        raise InputError(f"{display_path(path)} is no SNDlib network: it has no NODES")
    return _complete(path, records)


def _native_record(section: str, words: str, line: str, records: dict[str, Any]) -> bool:
    """Add the record of a line to its section; False if it is none."""
    if section == "META":
        key, _, value = line.partition("=")
        records["meta"][key.strip()] = value.strip()
    elif section == "NODES":
        records["nodes"].append({"id": words.split()[0]})
    elif section == "LINKS" and (link := _NATIVE_LINK.fullmatch(words)):
        modules = link[8].split()
        pairs = zip(modules[::2], modules[1::2], strict=False)
        records["links"].append(
            {"id": link[1], "source": link[2], "target": link[3], "pre_installed_capacity": link[4],
             "pre_installed_capacity_cost": link[5], "routing_cost": link[6], "setup_cost": link[7],
             "modules": [{"module_capacity": c, "module_cost": p} for c, p in pairs]}
        )  # fmt: skip
    elif section == "DEMANDS" and (demand := _NATIVE_DEMAND.fullmatch(words)):
        records["demands"].append(
            {"id": demand[1], "source": demand[2], "target": demand[3], "routing_unit": demand[4],
             "demand_value": demand[5], "max_path_length": demand[6]}
        )  # fmt: skip
    elif section == "ADMISSIBLE_PATHS":
        records["admissible_paths"] = True
    else:
        return False
    return True


def _from_xml(path: Path, text: str) -> dict[str, Any]:
    """The XML format; entities and outside files are never resolved."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        # lxml takes no str that declares an encoding
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"{display_path(path)} is not XML: {error.msg}") from error

    structure = {"links": "link", "demands": "demand", "nodes": "node"}
    records: dict[str, Any] = {
        name: [_xml_record(element) for element in root.iterfind(f".//{{*}}{name}/{{*}}{tag}")]
        for name, tag in structure.items()
    }
    records["meta"] = {"unit": root.findtext(".//{*}meta/{*}unit") or ""}
    if root.find(".//{*}admissiblePaths") is not None:
        records["admissible_paths"] = True
    return _complete(path, records)


def _xml_record(element: Any) -> dict[str, Any]:
    """The element's parts by the names that they have in the JSON format."""
    record: dict[str, Any] = {"id": element.get("id")}
    for tag in ("source", "target", "routing_cost", "setup_cost", "routing_unit", "demand_value"):
        if (text := element.findtext(f"{{*}}{_camel(tag)}")) is not None:
            record[tag] = text.strip()
    if (longest := element.find("{*}maxPathLength")) is not None:
        record["max_path_length"] = (longest.text or "").strip()
    installed = element.find("{*}preInstalledModule")
    if installed is not None:
        record["pre_installed_capacity"] = installed.findtext("{*}capacity")
        record["pre_installed_capacity_cost"] = installed.findtext("{*}cost")
    record["modules"] = [
        {"module_capacity": each.findtext("{*}capacity"), "module_cost": each.findtext("{*}cost")}
        for each in element.iterfind("{*}additionalModules/{*}addModule")
    ]
    return record


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
