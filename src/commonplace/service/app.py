"""The service as one ASGI application, with the guard before everything else."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import anyio.to_thread
from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from mcp.server.mcpserver import Context

from commonplace.capacity import PICTURES_CSS
from commonplace.foundation import InputError
from commonplace.service.access.guard import Guard
from commonplace.service.access.settings import ServiceSettings
from commonplace.service.access.tokens import Token, default_tokens
from commonplace.service.api.answers import answers_api
from commonplace.service.api.dependencies import answer_errors
from commonplace.service.api.library import library_api
from commonplace.service.api.mcp import mcp_server
from commonplace.service.api.openai import openai_api
from commonplace.service.api.plans import plans_api
from commonplace.service.state.libraries import LibraryPool, OpenLibrary
from commonplace.service.state.plans import Plans

_PAGE: Final = Path(__file__).parent / "page"


def create_app(
    settings: ServiceSettings, announce: Callable[[str], None] = lambda _: None
) -> Guard:
    """The application that serves `settings.library`, for any ASGI server.

    `announce` is called when weights are fetched.

    Raises:
        LibraryError: the library cannot be opened (when it starts).
    """
    pool = LibraryPool(settings, announce)
    mcp = mcp_server(lambda ctx, write: _library_of(pool, ctx, write), local=False)
    # Host and Origin are the guard's business, for all paths alike.
    mcp_over_http = mcp.streamable_http_app(stateless_http=True, json_response=True, host="")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if not settings.wants_token:  # else the libraries that tokens name open at first use
            await anyio.to_thread.run_sync(pool.for_token, None)
        async with mcp.session_manager.run():
            yield
        await anyio.to_thread.run_sync(pool.close)

    app = FastAPI(
        title="commonplace",
        version=version("commonplace"),
        description="Answers from your own notes, papers and pages, every sentence cited.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.pool, app.state.settings = pool, settings
    app.state.plans = Plans(settings.plans)
    answer_errors(app)
    for router in (answers_api, library_api, openai_api, plans_api):
        app.include_router(router)

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(_PAGE / "index.html", media_type="text/html; charset=utf-8")

    @app.api_route("/health", methods=["GET", "HEAD"], include_in_schema=False)
    async def health() -> JSONResponse:  # for what watches over a server; it says nothing else
        return JSONResponse({"status": "ok"})

    @app.api_route("/page/pictures.css", methods=["GET", "HEAD"], include_in_schema=False)
    async def pictures() -> FileResponse:  # the same styles as in `plan report`
        return FileResponse(PICTURES_CSS)

    app.mount("/page", StaticFiles(directory=_PAGE))
    app.router.routes.extend(mcp_over_http.routes)
    return Guard(app, settings, settings.tokens or default_tokens())


def _library_of(pool: LibraryPool, ctx: Context[Any, Any], write: bool) -> OpenLibrary:
    """The library of an MCP request, by the token that the guard put into its state."""
    state = getattr(ctx.request_context.request, "state", None)
    token: Token | None = getattr(state, "token", None)
    if write and token is not None and not token.may_write:
        raise InputError(f"the token {token.name!r} may read, and change nothing")
    return pool.for_token(token)
