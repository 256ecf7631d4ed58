"""`commonplace serve`: the page, the API and the protocols in one process."""

import os
from pathlib import Path

import click

from commonplace.cli.arguments import options
from commonplace.cli.arguments.verb import verb
from commonplace.cli.server.token import tokens_option
from commonplace.cli.terminal.output import announce, bold, dim, say
from commonplace.foundation import InputError, display_path


@verb(
    "Open the page, the API and the protocols.",
    "commonplace serve --watch ~/notes",
    "commonplace serve --plan region",
    "commonplace serve --host 0.0.0.0 --port 8080",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to bind to.")
@click.option(
    "--port",
    default=8765,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port; 0 takes any.",
)
@click.option(
    "--watch",
    "watched",
    multiple=True,
    type=click.Path(),
    metavar="DIR",
    help="Keep this folder current by itself (may be repeated).",
)
@click.option(
    "--plan",
    "plans",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Show this capacity plan (may be repeated).",
)
@click.option(
    "--model", "models", multiple=True, metavar="SPEC", help="Offer this model; see `ask`."
)
@options.wear_options
@click.option("--require-token", is_flag=True, help="Require a token on this machine too.")
@click.option("--no-token", is_flag=True, help="Let others in by --allow-host without a token.")
@click.option(
    "--allow-host", "hosts", multiple=True, metavar="NAME", help="A name that a proxy answers to."
)
@tokens_option
@options.library_option
def serve(
    host: str,
    port: int,
    watched: tuple[str, ...],
    plans: tuple[Path, ...],
    models: tuple[str, ...],
    wear: tuple[str, ...],
    force_wear: bool,
    require_token: bool,
    no_token: bool,
    hosts: tuple[str, ...],
    tokens: Path | None,
) -> None:
    """Open the library for a browser and for programs, until Ctrl-C.

    It listens on this machine alone, unless --host says otherwise: then it asks for a token. With
    --wear the models that it offers wear these adapters; without --model that is the small one.
    """
    # Requests run at once, each on one core. A small product that is shared among all cores waits
    # for the slowest, which works for another request: 32 ms instead of 0.4 (measured).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when numpy is first imported
    options.require_extra("serve", "fastapi", "uvicorn", "mcp", "watchfiles")
    from commonplace import service
    from commonplace.corpus import require
    from commonplace.models import DEFAULT_LANGUAGE_MODEL, parse_wear

    require(watched)
    _require_plans(plans)
    for adapter in wear:
        parse_wear(adapter)  # a missing file is an error now, and not at the first question
    settings = service.ServiceSettings(
        options.open_library(new=True).folder,
        host=host,
        port=port,
        require_token=require_token,
        no_token=no_token,
        allowed_hosts=hosts,
        tokens=tokens,
        models=models or ((DEFAULT_LANGUAGE_MODEL,) if wear else ()),
        watched=tuple(Path(folder).expanduser() for folder in watched),
        plans=tuple(folder.expanduser() for folder in plans),
        wear=wear,
        force_wear=force_wear,
    )

    def ready(address: str, secret: str) -> None:
        say(bold(address), dim("  the page; the API is under /api, /v1 and /mcp"))
        if secret:
            say("a token for you, shown this once: ", bold(secret))
        say(dim(f"library {settings.library}; Ctrl-C stops"))

    service.serve(settings, ready, announce)


def _require_plans(plans: tuple[Path, ...]) -> None:
    """Raise at the start what would otherwise be raised for whoever opens the page."""
    if plans:
        options.require_extra("plan", "highspy", "polars", "rustworkx")
    for folder in plans:
        if not folder.expanduser().is_dir():
            raise InputError(f"{display_path(folder)} is no folder; name the folder of a plan")
