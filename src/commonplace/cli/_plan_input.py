"""`plan demo`, `plan import` and `plan demand`: where a plan's tables come from."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from commonplace.cli._options import json_option, require_extra
from commonplace.cli._terminal import bold, dim, print_json, say
from commonplace.cli._verb import verb

if TYPE_CHECKING:
    from commonplace.capacity import Plan

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
