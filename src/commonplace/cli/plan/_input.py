"""`plan demo` and `plan import`: where a plan's tables come from."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commonplace.cli.arguments.options import NumberRange, default_option, json_option
from commonplace.cli.arguments.verb import verb
from commonplace.cli.plan._check import FOLDER, overwrite_option, require_plan_extra
from commonplace.cli.terminal.output import bold, dim, print_json, say

if TYPE_CHECKING:
    from commonplace.capacity import Plan
    from commonplace.capacity.importers import Imported

_FORMATS = ("sndlib", "repetita", "topohub", "netbox")
_LINES = 10  # of each list; --json has all


@verb(
    "Make a synthetic region to try things on.",
    "commonplace plan demo region --houses 40 --projects 300",
)
@click.argument("folder", type=FOLDER, metavar="DIR")
@default_option("--houses", type=click.IntRange(1, 5000), default=8, help="Number of houses.")
@default_option(
    "--projects", type=click.IntRange(1, 200_000), default=40, help="Number of projects."
)
@click.option("--campuses", type=click.IntRange(1), help="Number of campuses [3 for 10 houses].")
@click.option("--flows", type=click.IntRange(0), help="Number of flows [2 for 3 projects].")
@default_option(
    "--months", "horizon", type=click.IntRange(1, 120), default=12, help="Months of the horizon."
)
@default_option("--seed", type=int, default=1, help="The same seed gives the same region.")
@overwrite_option
@json_option
def demo(folder: Path, seed: int, overwrite: bool, as_json: bool, **size: Any) -> None:
    """Write a synthetic region to DIR: houses, projects and a backbone in which something binds."""
    require_plan_extra()
    from commonplace import capacity

    plan = capacity.demo(capacity.Size(**size), seed)
    files = capacity.write_plan(plan, folder, overwrite=overwrite)
    if as_json:
        print_json({"folder": str(folder), "files": [file.name for file in files], **_counts(plan)})
        return
    show_written(plan, folder)


@verb(
    "Make a plan of another program's files.",
    "commonplace plan import sndlib germany50.json --out germany50",
    "commonplace plan import repetita Abilene.graph Abilene.0000.demands --out abilene",
    "commonplace plan import netbox devices.csv racks.csv cables.csv power-feeds.csv --out ours",
)
@click.argument("format", type=click.Choice(_FORMATS), metavar="FORMAT")
@click.argument("files", nargs=-1, required=True, type=FOLDER, metavar="FILE...")
@click.option("--out", required=True, type=FOLDER, metavar="DIR", help="The plan's folder.")
@default_option(
    "--scale", type=NumberRange(0, 1e9), default=1.0, help="By how much demands are multiplied."
)
@click.option(
    "--gbps",
    type=NumberRange(1e-6, 1e9),
    help="Gb/s where the file has none: of a topohub link [100], of a NetBox port [400].",
)
@overwrite_option
@json_option
def import_(
    format: str,
    files: tuple[Path, ...],
    out: Path,
    scale: float,
    gbps: float | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write a plan of FILEs to DIR: sndlib, repetita (.graph, .demands), topohub or netbox.

    What the plan has no place for is listed, with the reason; so is what had to be assumed.
    """
    require_plan_extra()
    from commonplace.capacity import write_plan

    result = _imported(format, files, scale=scale, gbps=gbps)
    write_plan(result.plan, out, overwrite=overwrite)
    if as_json:
        lists = {"left_out": [vars(o) for o in result.left_out], "assumed": list(result.assumed)}
        print_json({"folder": str(out), **_counts(result.plan), **lists})
        return
    show_written(result.plan, out)
    _show_list("assumed", list(result.assumed))
    _show_list("left out", [f"{omission.what}: {omission.why}" for omission in result.left_out])


def _imported(
    format: str, files: tuple[Path, ...], *, scale: float, gbps: float | None
) -> "Imported":
    """The plan that the importer of a format makes of the files."""
    from commonplace.capacity import importers
    from commonplace.foundation import InputError

    if format == "netbox":
        return importers.import_netbox(files, **({} if gbps is None else {"port_gbps": gbps}))
    if format == "repetita":
        graphs = [file for file in files if file.suffix != ".demands"]
        demands = [file for file in files if file.suffix == ".demands"]
        if len(graphs) != 1 or len(demands) > 1:
            raise InputError("name one .graph file, and one .demands file or none")
        return importers.import_repetita(graphs[0], demands[0] if demands else None, scale)
    if len(files) != 1:
        raise InputError(f"name one file of {format}, not {len(files)}")
    if format == "topohub":
        options = {} if gbps is None else {"link_gbps": gbps}
        return importers.import_topohub(files[0], scale, **options)
    return importers.import_sndlib(files[0], scale)


def _show_list(title: str, lines: list[str]) -> None:
    """Print a list under its title, at most `_LINES` of it."""
    if lines:
        say(bold(f"{title}:"))
    for line in lines[:_LINES]:
        say(f"  {line}")
    if len(lines) > _LINES:
        say(dim(f"  and {len(lines) - _LINES} more; --json lists them"))


def show_written(plan: "Plan", folder: Path) -> None:
    """Say what a plan's folder holds, and what to do with it."""
    say(
        bold(f"wrote {folder}"),
        dim(" · "),
        ", ".join(f"{n} {what}" for what, n in _counts(plan).items() if n),
    )
    say(dim(f"next: commonplace plan check {folder}"))


def _counts(plan: "Plan") -> dict[str, Any]:
    groups = len({link.group for link in plan.links})
    return {
        "houses": len(plan.houses),
        "campuses": sum(site.kind == "campus" for site in plan.sites),
        "projects": len(plan.projects),
        "flows": len(plan.flows),
        "links": len(plan.links),
        "failures": groups + 1 if groups else 0,
        "months": plan.horizon,
    }
