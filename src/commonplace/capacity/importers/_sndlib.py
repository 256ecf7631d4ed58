"""SNDlib networks: its JSON, XML and native text (Orlowski et al., Networks 55, 2010).

Notable: a link has what is installed already, and modules that may be added. They become two links
in one shared-risk group: what is there, and (`+`) what can be ordered in units of the smallest
module. Where nothing is installed, one module is counted as there. Demands are taken as directed.
The file does not say whether its links are: where each has one back, both are one link.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commonplace.capacity.importers._network import Demand, Imported, Line, Network, imported
from commonplace.capacity.importers._text import json_of, number, text_of
from commonplace.foundation import InputError, display_path

_PREFIXES = {"": 1e-9, "K": 1e-6, "M": 1e-3, "G": 1.0, "T": 1e3}
_GBPS = {f"{p}{b}PERSEC": gbps for p, gbps in _PREFIXES.items() for b in ("BIT", "BITS")}
_NATIVE_LINK = re.compile(r"(\S+) \( (\S+) (\S+) \) (\S+) (\S+) (\S+) (\S+) \(([^)]*)\)")
_NATIVE_DEMAND = re.compile(r"(\S+) \( (\S+) (\S+) \) (\S+) (\S+) (\S+)")


def import_sndlib(path: Path, scale: float = 1.0) -> Imported:
    """A plan of an SNDlib network file.

    Raises:
        InputError: it is none.
    """
    text = text_of(path)
    formats = {"{": _from_json, "<": _from_xml}
    given = formats.get(text.lstrip()[:1], _from_native)(path, text)
    return imported(_network(path, given), scale)


def _network(path: Path, given: dict[str, Any]) -> Network:
    """The network of the records that all three formats have."""
    where = display_path(path)
    network = Network(path.stem)
    unit = str(given["meta"].get("unit", "")).upper()
    factor = _GBPS.get(unit, 1.0)
    if unit not in _GBPS:
        network.assumed.append("capacities and demands are in Gb/s: the file names no known unit")
    network.nodes = [str(node["id"]) for node in given["nodes"]]
    for one in given["demands"]:
        at = f"{where}, demand {one['id']}"
        units = number(one.get("routing_unit", 1), at) * number(one["demand_value"], at)
        network.demands.append(Demand(str(one["source"]), str(one["target"]), units * factor))
        if str(one.get("max_path_length", "UNLIMITED")).upper() != "UNLIMITED":
            network.leave_out(f"longest path of demand {one['id']}", "a plan limits no path")
    total = sum(demand.gbps for demand in network.demands)
    for one in _both_ways(given["links"], network):
        network.lines += _lines(one, factor, total, network, where)
    if given.get("admissible_paths"):
        network.leave_out("admissible paths", "flows of a plan are split over any paths")
    return network


def _both_ways(links: list[dict[str, Any]], network: Network) -> list[dict[str, Any]]:
    """The links; of arcs (each has one back that has the same) only the first of two."""
    back: dict[tuple[str, str, str], list[dict[str, Any]]] = defaultdict(list)
    for one in links:
        back[str(one["source"]), str(one["target"]), _has(one)].append(one)
    pairs = {(a, z): len(back[a, z, has]) == len(back.get((z, a, has), ())) for a, z, has in back}
    if not links or not all(pairs.values()):
        return links
    network.assumed.append(f"each link has one back: {len(links)} arcs are {len(links) // 2} links")
    kept, seen = [], Counter[tuple[str, str, str]]()
    for one in links:
        a, z, has = str(one["source"]), str(one["target"]), _has(one)
        if seen[z, a, has]:
            seen[z, a, has] -= 1
        else:
            seen[a, z, has] += 1
            kept.append(one)
    return kept


def _has(link: dict[str, Any]) -> str:
    """What a link has, whichever way it runs."""
    return repr((link.get("pre_installed_capacity"), link.get("modules")))


def _lines(
    one: dict[str, Any], factor: float, total: float, network: Network, where: str
) -> Iterator[Line]:
    """What is installed on a link, and what can be added to it."""
    name, a, z = str(one["id"]), str(one["source"]), str(one["target"])
    at = f"{where}, link {name}"
    installed = number(one.get("pre_installed_capacity", 0), at) * factor
    modules = sorted(
        (number(m["module_capacity"], at) * factor, number(m["module_cost"], at))
        for m in one.get("modules") or ()
    )
    modules = [module for module in modules if module[0] > 0]
    if modules[1:]:
        what = f"{len(modules) - 1} larger modules of link {name}"
        network.leave_out(what, "a link is made of one item, here its smallest module")
    for cost in ("routing_cost", "setup_cost", "pre_installed_capacity_cost"):
        if number(one.get(cost, 0), at):
            network.leave_out(f"{cost} of link {name}", "a plan has costs of items only")
    if installed or not modules:
        yield Line(name, a, z, installed, group=name)
    if modules:
        capacity, price = modules[0]
        most = max(1, min(10**6, math.ceil(total / capacity)))
        there = 0 if installed else 1
        if there:
            why = f"nothing is installed, one module of {capacity:g} Gb/s is counted as there"
            network.assumed.append(f"link {name}: {why}")
        yield Line(name + "+" * (not there), a, z, capacity, there, most, price, name)


# --------------------------------------------------------------------------- three formats


def _from_json(path: Path, text: str) -> dict[str, Any]:
    given = json_of(path, text)
    if not isinstance(given, dict):
        raise InputError(f"{display_path(path)} is no SNDlib network: expected an object")
    meta = given.get("meta")
    return _complete(path, {**given, "meta": meta if isinstance(meta, dict) else {}})


def _complete(path: Path, given: dict[str, Any]) -> dict[str, Any]:
    """The records, none of which lacks what a record needs."""
    needed = {
        "nodes": ("id",),
        "links": ("id", "source", "target"),
        "demands": ("id", "source", "target", "demand_value"),
    }
    for kind, keys in needed.items():
        for place, record in enumerate(_records(path, given, kind), 1):
            missing = [key for key in keys if record.get(key) is None]
            if missing:
                what = f"number {place} of its {kind} has no {missing[0]}"
                raise InputError(f"{display_path(path)} is no SNDlib network: {what}")
    for link in given["links"]:
        modules = link.get("modules")
        if not isinstance(modules or [], list) or any(
            not isinstance(one, dict) or not {"module_capacity", "module_cost"} <= one.keys()
            for one in modules or []
        ):
            what = f"a module of link {link['id']} has no capacity or cost"
            raise InputError(f"{display_path(path)} is no SNDlib network: {what}")
    return given


def _records(path: Path, given: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    found = given.get(kind)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise InputError(f"{display_path(path)} is no SNDlib network: it has no list of {kind}")
    return found


def _from_native(path: Path, text: str) -> dict[str, Any]:
    """NODES, LINKS and DEMANDS of the native format, a record a line."""
    found: dict[str, Any] = {"meta": {}, "nodes": [], "links": [], "demands": []}
    section = ""
    for row, line in enumerate(text.splitlines(), 1):
        words = " ".join(line.replace("(", " ( ").replace(")", " ) ").split())
        if not words or words.startswith(("#", "?")):
            continue
        if words == ")":
            section = ""
        elif not section and re.fullmatch(r"[A-Z_]+ \(", words):
            section = words.split()[0]
        elif not (not section and re.fullmatch(r"[A-Z_]+ \( \)", words)) and not _native_record(
            section, words, line, found
        ):
            at = f"{display_path(path)}, line {row}"
            what = section or "sections"
            raise InputError(f"{at}: '{line.strip()[:60]}' is no record of SNDlib's {what}")
    if not found["nodes"]:
        raise InputError(f"{display_path(path)} is no SNDlib network: it has no NODES")
    return _complete(path, found)


def _native_record(section: str, words: str, line: str, found: dict[str, Any]) -> bool:
    if section == "META":
        key, _, value = line.partition("=")
        found["meta"][key.strip()] = value.strip()
    elif section == "NODES":
        found["nodes"].append({"id": words.split()[0]})
    elif section == "LINKS" and (link := _NATIVE_LINK.fullmatch(words)):
        modules = link[8].split()
        pairs = zip(modules[::2], modules[1::2], strict=False)
        found["links"].append(
            {"id": link[1], "source": link[2], "target": link[3], "pre_installed_capacity": link[4],
             "pre_installed_capacity_cost": link[5], "routing_cost": link[6], "setup_cost": link[7],
             "modules": [{"module_capacity": c, "module_cost": p} for c, p in pairs]}
        )  # fmt: skip
    elif section == "DEMANDS" and (one := _NATIVE_DEMAND.fullmatch(words)):
        found["demands"].append(
            {"id": one[1], "source": one[2], "target": one[3], "routing_unit": one[4],
             "demand_value": one[5], "max_path_length": one[6]}
        )  # fmt: skip
    elif section == "ADMISSIBLE_PATHS":
        found["admissible_paths"] = True
    else:
        return False
    return True


def _from_xml(path: Path, text: str) -> dict[str, Any]:
    """The XML format; entities and outside files are never resolved."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"{display_path(path)} is not XML: {error.msg}") from error

    structure = {"links": "link", "demands": "demand", "nodes": "node"}
    found: dict[str, Any] = {
        name: [_xml_record(element) for element in root.iterfind(f".//{{*}}{name}/{{*}}{tag}")]
        for name, tag in structure.items()
    }
    found["meta"] = {"unit": root.findtext(".//{*}meta/{*}unit") or ""}
    if root.find(".//{*}admissiblePaths") is not None:
        found["admissible_paths"] = True
    return _complete(path, found)


def _xml_record(element: Any) -> dict[str, Any]:
    """The element's parts by the names that they have in the JSON format."""
    found: dict[str, Any] = {"id": element.get("id")}
    for tag in ("source", "target", "routing_cost", "setup_cost", "routing_unit", "demand_value"):
        if (text := element.findtext(f"{{*}}{_camel(tag)}")) is not None:
            found[tag] = text.strip()
    if (longest := element.find("{*}maxPathLength")) is not None:
        found["max_path_length"] = (longest.text or "").strip()
    installed = element.find("{*}preInstalledModule")
    if installed is not None:
        found["pre_installed_capacity"] = installed.findtext("{*}capacity")
        found["pre_installed_capacity_cost"] = installed.findtext("{*}cost")
    found["modules"] = [
        {"module_capacity": one.findtext("{*}capacity"), "module_cost": one.findtext("{*}cost")}
        for one in element.iterfind("{*}additionalModules/{*}addModule")
    ]
    return found


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
