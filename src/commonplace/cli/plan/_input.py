"""`plan demo` and `plan import`: where a plan's tables come from."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commonplace.cli.arguments.options import NumberRange, json_option, require_extra
from commonplace.cli.arguments.verb import verb
from commonplace.cli.terminal.output import bold, dim, print_json, say

if TYPE_CHECKING:
    from commonplace.capacity import Plan
    from commonplace.capacity.importers import Imported

_FORMATS = ("sndlib", "repetita", "topohub", "netbox")
_SHOWN = 10
_FOLDER = click.Path(path_type=Path)
_overwrite = click.option("--overwrite", is_flag=True, help="Replace a plan that is there.")


@verb(
    "Make a synthetic region to try things on.",
    "commonplace plan demo region --houses 40 --projects 300",
)
@click.argument("folder", type=_FOLDER, metavar="DIR")
@click.option(
    "--houses", type=click.IntRange(1, 5000), default=8, show_default=True, help="Houses."
)
@click.option(
    "--projects", type=click.IntRange(1, 200_000), default=40, show_default=True, help="Projects."
)
@click.option("--campuses", type=click.IntRange(1), help="Campuses [three for ten houses].")
@click.option("--flows", type=click.IntRange(0), help="Flows [two for three projects].")
@click.option(
    "--months", type=click.IntRange(1, 120), default=12, show_default=True, help="The horizon."
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed, the same region."
)
@_overwrite
@json_option
def demo(
    folder: Path,
    houses: int,
    projects: int,
    campuses: int | None,
    flows: int | None,
    months: int,
    seed: int,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Write a synthetic region to DIR: houses, projects and a backbone in which something binds."""
    require_extra("plan", "polars", "highspy", "rustworkx")
    from commonplace.capacity import Size, write_plan
    from commonplace.capacity import demo as made

    plan = made(Size(houses, projects, campuses, flows, months), seed)
    files = write_plan(plan, folder, overwrite=overwrite)
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
@click.argument("files", nargs=-1, required=True, type=_FOLDER, metavar="FILE...")
@click.option("--out", required=True, type=_FOLDER, metavar="DIR", help="The plan's folder.")
@click.option(
    "--scale",
    type=NumberRange(0, 1e9),
    default=1.0,
    show_default=True,
    help="By how much demands are multiplied.",
)
@click.option(
    "--gbps",
    type=NumberRange(1e-6, 1e9),
    help="Gb/s where the file has none: of a topohub link [100], of a NetBox port [400].",
)
@_overwrite
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
    require_extra("plan", "polars", "highspy", "rustworkx")
    from commonplace.capacity import write_plan

    made = _imported(format, files, scale, gbps)
    write_plan(made.plan, out, overwrite=overwrite)
    if as_json:
        left_out = [{"what": one.what, "why": one.why} for one in made.left_out]
        more = {"left_out": left_out, "assumed": list(made.assumed)}
        print_json({"folder": str(out), **_counts(made.plan), **more})
        return
    show_written(made.plan, out)
    _show_list("assumed", list(made.assumed))
    _show_list("left out", [f"{one.what}: {one.why}" for one in made.left_out])


def _imported(format: str, files: tuple[Path, ...], scale: float, gbps: float | None) -> "Imported":
    """What the importer of a format makes of the files."""
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
        more = {} if gbps is None else {"link_gbps": gbps}
        return importers.import_topohub(files[0], scale, **more)
    return importers.import_sndlib(files[0], scale)


def _show_list(title: str, lines: list[str]) -> None:
    """At most a screen of them; `--json` has all."""
    if lines:
        say(bold(f"{title}:"))
    for line in lines[:_SHOWN]:
        say(f"  {line}")
    if len(lines) > _SHOWN:
        say(dim(f"  and {len(lines) - _SHOWN} more; --json lists them"))


def show_written(plan: "Plan", folder: Path) -> None:
    """Say what a plan's folder holds, and what to do with it."""
    say(
        bold(f"wrote {folder}"),
        dim(" · "),
        ", ".join(f"{n} {what}" for what, n in _counts(plan).items() if n),
    )
    say(dim(f"next: commonplace plan check {folder}"))


def _counts(plan: "Plan") -> dict[str, Any]:
    kinds = ("houses", "campuses")
    of_kind = {
        name: sum(site.kind == kind for site in plan.sites)
        for name, kind in zip(kinds, ("house", "campus"), strict=True)
    }
    groups = len({link.group for link in plan.links})
    return {
        **of_kind,
        "projects": len(plan.projects),
        "flows": len(plan.flows),
        "links": len(plan.links),
        "failures": groups + 1 if groups else 0,
        "months": plan.horizon,
    }
