"""`commonplace mcp`: the tools search, ask, show and add, for a program that starts this one."""

from commonplace.cli.arguments.options import library_option, open_library, require_extra
from commonplace.cli.arguments.verb import verb


@verb("Serve MCP over standard input and output.", "commonplace mcp --library ~/my-library")
@library_option
def mcp() -> None:
    """Serve the tools search, ask, show and add to the program that starts this one (MCP, stdio).

    In a client's configuration: the command `commonplace`, the arguments `mcp --library DIR`.
    """
    require_extra("serve", "fastapi", "mcp")
    from commonplace import service

    service.mcp_over_stdio(open_library(new=True).folder)
