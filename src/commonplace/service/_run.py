"""Running the service: uvicorn over HTTP, or MCP over standard input and output.

A stop (Ctrl-C, SIGTERM) lets answers that stream end within ten seconds, and the job that runs
finish its commit; what it had not read yet is read at the next start.
"""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from commonplace.foundation import InputError
from commonplace.service.access.settings import Settings
from commonplace.service.access.tokens import add_token, default_tokens, read_tokens

if TYPE_CHECKING:
    import uvicorn

_GRACE_SECONDS: Final = 10
_CONNECTIONS: Final = 512  # at once; more are told to come again
_OWNER: Final = "owner"


def serve(
    settings: Settings, ready: Callable[[str, str], None], announce: Callable[[str], None]
) -> None:
    """Serve until stopped; `ready` is told the address, and a token where one was just made.

    `announce` is told when weights are fetched, which takes a while.

    Raises:
        InputError: the address is taken, or cannot be bound to.
        LibraryError: the library cannot be opened.
    """
    import uvicorn

    from commonplace.service._app import create_app

    secret = _first_token(settings)
    bound = _bind(settings)
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
    threading.Thread(target=_tell, args=(server, ready, address, secret), daemon=True).start()
    with suppress(KeyboardInterrupt):  # Ctrl-C is how it is meant to end
        server.run(sockets=[bound])
    if not server.started:
        raise InputError("the service did not start; what is above says why")


def _tell(
    server: "uvicorn.Server", ready: Callable[[str, str], None], address: str, secret: str
) -> None:
    """Say that it is ready once it is, and not before."""
    while not server.started:
        if server.should_exit:
            return
        time.sleep(0.02)
    ready(address, secret)


def _first_token(settings: Settings) -> str:
    """Where tokens are asked for and none is for this library: one for its owner. "" otherwise."""
    file = settings.tokens or default_tokens()
    known = read_tokens(file)
    library = str(settings.library.absolute())
    if not settings.wants_token or any(token.library == library for token in known):
        return ""
    taken = {token.name for token in known}
    names = chain([_OWNER], (f"{_OWNER}-{number}" for number in count(2)))
    return add_token(file, next(n for n in names if n not in taken), "write", settings.library)


def _bind(settings: Settings) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with ExitStack() as unless_bound:
            bound = unless_bound.enter_context(socket.socket(family, kind, protocol))
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
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"


def mcp_over_stdio(library: Path) -> None:
    """Serve the tools to the program that started this one, until it closes the pipe."""
    from commonplace.service.api.mcp import mcp_server
    from commonplace.service.state.desk import Desk

    desk = Desk(library, Settings(library), announce=lambda _: None)
    try:
        mcp_server(lambda *_: desk, local=True).run("stdio")
    finally:
        desk.close()
