"""`commonplace plan`: where a model runs; its verbs stand beside this file."""

import click

from commonplace.cli.arguments.verb import LazyVerbGroup

_VERBS = {
    "check": "_check",
    "order": "_make",
    "make": "_make",
    "diff": "_check",
    "report": "_check",
    "demo": "_input",
    "import": "_input",
    "demand": "_demand",
}


@click.group(
    cls=LazyVerbGroup,
    package=__package__,
    modules=_VERBS,
    short_help="Plan machines, network and power on one horizon.",
    examples=(
        "commonplace plan demo region",
        "commonplace plan check region",
        "commonplace plan order region --out ordered",
        "commonplace plan make region --out made",
    ),
)
def plan() -> None:
    """Plan machines, network and power: no chip goes where there is not enough network."""
