"""`commonplace token`: who may use a library over the network, and how."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from commonplace.cli.arguments.options import library_option, open_library
from commonplace.cli.arguments.verb import VerbGroup, verb
from commonplace.cli.terminal.output import bold, dim, say
from commonplace.cli.terminal.places import short_path
from commonplace.cli.terminal.widths import pad

if TYPE_CHECKING:
    from commonplace.service import Role

tokens_option = click.option(
    "--tokens", type=click.Path(path_type=Path), metavar="FILE", help="Use another file of tokens."
)


@click.group(
    cls=VerbGroup,
    short_help="Say who may use the library over the network.",
    examples=("commonplace token add anna --role read", "commonplace token remove anna"),
)
def token() -> None:
    """Make, list and take back tokens. Each is for one library, to read it or also to change it."""


@verb("Make a token.", "commonplace token add anna --role read --library ~/shared-library")
@click.argument("name")
@click.option("--role", type=click.Choice(["read", "write"]), default="read", show_default=True)
@tokens_option
@library_option
def add(name: str, role: str, tokens: Path | None) -> None:
    """Make a token for the chosen library, and print it once: only its hash is kept."""
    from commonplace.service import add_token, default_tokens

    folder = open_library().folder
    secret = add_token(tokens or default_tokens(), name, cast("Role", role), folder)
    say(bold(secret))
    say(dim(f"{name} may {role} {short_path(str(folder))}; this is not shown again"))


@verb("List the tokens.", "commonplace token list")
@tokens_option
def list_(tokens: Path | None) -> None:
    """List the tokens: names, roles and libraries."""
    from commonplace.service import default_tokens, read_tokens

    existing = read_tokens(tokens or default_tokens())
    for token in existing:
        say(
            bold(pad(token.name, 16)),
            f" {token.role:<6} {short_path(token.library)}  ",
            dim(token.added_at),
        )
    if not existing:
        say("there are no tokens; `commonplace token add NAME` makes one")


@verb("Take a token back.", "commonplace token remove anna")
@click.argument("name")
@tokens_option
def remove(name: str, tokens: Path | None) -> None:
    """Take a token back; it stops working at once, also in a service that runs."""
    from commonplace.service import default_tokens, remove_token

    removed = remove_token(tokens or default_tokens(), name)
    say(f"{removed.name} may no longer use {short_path(removed.library)}")


token.add_command(add, "add")
token.add_command(list_, "list")
token.add_command(remove, "remove")
