"""`commonplace mcp`: the tools of a library, for a program that starts this one."""

from pathlib import Path

import click

from commonplace.cli.arguments.options import library_option, open_library, require_extra
from commonplace.cli.arguments.verb import verb


@verb(
    "Serve MCP over standard input and output.",
    "commonplace mcp --library ~/my-library --allow ~/notes",
)
@click.option(
    "--allow",
    "allowed",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Let the program add what is below DIR (may be repeated).",
)
@library_option
def mcp(allowed: tuple[Path, ...]) -> None:
    """Serve search, ask, show, status, add and remove to the program that starts this one.

    In a client's configuration: the command `commonplace`, the arguments `mcp --library DIR`.
    """
    require_extra("serve", "fastapi", "mcp")
    from commonplace import service

    service.mcp_over_stdio(open_library(new=True).folder, allowed)
