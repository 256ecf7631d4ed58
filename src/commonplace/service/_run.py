"""Run the service: uvicorn over HTTP, or MCP over standard input and output.

After a stop (Ctrl-C, SIGTERM) answers that stream have ten seconds to end, and the job that runs
finishes its commit; what it had not read yet is read at the next start.
"""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from commonplace.foundation import InputError
from commonplace.service.access.settings import ServiceSettings
from commonplace.service.access.tokens import add_token, default_tokens, read_tokens

if TYPE_CHECKING:
    import uvicorn

_GRACE_SECONDS: Final = 10
_CONNECTIONS: Final = 512  # at once; others get 503
_OWNER: Final = "owner"


def serve(
    settings: ServiceSettings, ready: Callable[[str, str], None], announce: Callable[[str], None]
) -> None:
    """Serve until stopped; `ready` gets the address, and the token if one was just made.

    `announce` is called when weights are fetched, which takes a while.

    Raises:
        InputError: the address is taken, or cannot be bound to, or everybody could come in.
        LibraryError: the library cannot be opened.
    """
    import uvicorn

    from commonplace.service.app import create_app

    if settings.allowed_hosts and not settings.wants_token and not settings.no_token:
        raise InputError(
            "--allow-host lets others come by that name, and nothing asks them for a token; "
            "add --require-token, or --no-token if that is meant"
        )
    secret = _first_token(settings)
    bound = _bind(settings)  # before the library is opened, which takes longer
    port = bound.getsockname()[1]
    config = uvicorn.Config(
        create_app(settings, announce),
        log_level="critical",
        access_log=False,
        server_header=False,
        lifespan="on",
        ws="none",
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = uvicorn.Server(config)
    address = _address(settings.host, port)
    threading.Thread(
        target=_announce_ready, args=(server, ready, address, secret), daemon=True
    ).start()
    with suppress(KeyboardInterrupt):  # Ctrl-C is how it is meant to end
        server.run(sockets=[bound])
    if not server.started:
        raise InputError("the service did not start; what is above says why")


def _announce_ready(
    server: "uvicorn.Server", ready: Callable[[str, str], None], address: str, secret: str
) -> None:
    """Call `ready` once the server answers, and not before."""
    while not server.started:  # uvicorn has no event for it
        if server.should_exit:
            return
        time.sleep(0.02)
    ready(address, secret)


def _first_token(settings: ServiceSettings) -> str:
    """A token for the owner, if tokens are required and none is for this library; else ""."""
    file = settings.tokens or default_tokens()
    tokens = read_tokens(file)
    library = str(settings.library.absolute())
    if not settings.wants_token or any(token.library == library for token in tokens):
        return ""
    used = {token.name for token in tokens}
    names = chain([_OWNER], (f"{_OWNER}-{number}" for number in count(2)))
    return add_token(file, next(n for n in names if n not in used), "write", settings.library)


def _bind(settings: ServiceSettings) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with ExitStack() as unless_bound:
            bound = unless_bound.enter_context(socket.socket(family, kind, protocol))
            # A restart need not wait until the connections of the last run have timed out.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
            unless_bound.pop_all()
    except (OSError, OverflowError) as error:
        raise InputError(
            f"cannot serve at {settings.host}:{settings.port} ({error}); is another one running "
            "there? --port takes another port"
        ) from error
    return bound


def _address(host: str, port: int) -> str:
    # The addresses for "all interfaces" are none that a browser can open.
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}"


def mcp_over_stdio(library: Path, allowed: Sequence[Path] = ()) -> None:
    """Serve the tools to the program that started this one, until it closes the pipe.

    What is below the `allowed` folders may be added by its path.
    """
    from commonplace.service.api.mcp import mcp_server
    from commonplace.service.state.libraries import OpenLibrary

    open_library = OpenLibrary(library, ServiceSettings(library), announce=lambda _: None)
    try:
        mcp_server(lambda *_: open_library, local=True, allowed=allowed).run("stdio")
    finally:
        open_library.close()
