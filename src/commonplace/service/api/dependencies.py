"""What endpoints share: the library of a request, what its token allows, errors as sentences."""

import logging
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect

from commonplace.foundation import CommonplaceError, InputError, bug_report
from commonplace.service.access.settings import ServiceSettings
from commonplace.service.access.tokens import Token
from commonplace.service.api._response_models import ErrorResponse
from commonplace.service.state.libraries import LibraryPool, OpenLibrary

ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorResponse, "description": "What was asked cannot be done."},
    401: {"model": ErrorResponse, "description": "A token is needed."},
    403: {"model": ErrorResponse, "description": "This token, or this page, may not."},
    408: {"model": ErrorResponse, "description": "The body stopped arriving."},
    413: {"model": ErrorResponse, "description": "The body is too large."},
    422: {"model": ErrorResponse, "description": "The request is malformed."},
}


def _token(request: Request) -> Token | None:
    token: Token | None = getattr(request.state, "token", None)
    return token


def _readable(request: Request) -> OpenLibrary:
    pool: LibraryPool = request.app.state.pool
    return pool.for_token(_token(request))


def _writable(request: Request) -> OpenLibrary:
    token = _token(request)
    if token is not None and not token.may_write:
        raise HTTPException(403, f"the token {token.name!r} may read, and change nothing")
    return _readable(request)


def _settings(request: Request) -> ServiceSettings:
    settings: ServiceSettings = request.app.state.settings
    return settings


CurrentToken = Annotated[Token | None, Depends(_token)]
ReadableLibrary = Annotated[OpenLibrary, Depends(_readable)]
WritableLibrary = Annotated[OpenLibrary, Depends(_writable)]
CurrentSettings = Annotated[ServiceSettings, Depends(_settings)]


def offered_model(settings: ServiceSettings, name: str | None) -> str | None:
    """The specification of the model that a request names.

    Raises:
        InputError: the server does not offer it.
    """
    if name is None:
        return None
    for spec in settings.models:
        if name in (spec, model_name(spec)):
            return spec
    # A name is cut in messages, as it may be of any length.
    offered = ", ".join(map(model_name, settings.models)) or "none; `serve --model` offers one"
    raise InputError(f"this server offers no model {name[:80]!r}; it offers {offered}")


def model_name(spec: str) -> str:
    """The name of a model towards clients, without a path or an address."""
    if spec.startswith(("http://", "https://")):  # http://HOST:PORT/v1#NAME
        return spec.rpartition("#")[2]
    return spec.partition("#")[0].rpartition("/")[2].removesuffix(".gguf")


class RequestError(InputError):
    """A request that cannot be done as it is.

    Attributes:
        status: of HTTP.
        code: a word for programs, as OpenAI's clients know them.
        param: the field that is wrong.
    """

    def __init__(
        self, message: str, *, status: int = 400, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.param = status, code, param


def problem(
    status: int, message: str, kind: str, *, code: str | None = None, param: str | None = None
) -> JSONResponse:
    """The response to a request that failed."""
    error = {"message": message, "type": kind, "code": code, "param": param}
    return JSONResponse({"error": error}, status)


def _methods(request: Request) -> list[str]:
    """The methods that a request's path allows."""
    matching = (route for route in request.app.routes if route.matches(request.scope)[0].value)
    return sorted({method for route in matching for method in getattr(route, "methods", ())})


log = logging.getLogger(__name__)


def told(error: CommonplaceError) -> str:
    """What a client is told of an error; what is kept from it goes to the log."""
    if error.for_others != str(error):
        log.warning("%s", error)
    return error.for_others


def answer_errors(app: FastAPI) -> None:
    """Turn every error into one sentence."""

    @app.exception_handler(RequestError)
    async def request(_: Request, error: RequestError) -> JSONResponse:
        return problem(
            error.status, str(error), "invalid_request_error", code=error.code, param=error.param
        )

    @app.exception_handler(CommonplaceError)
    async def sentence(_: Request, error: CommonplaceError) -> JSONResponse:
        return problem(400, told(error), type(error).__name__)

    @app.exception_handler(StarletteHTTPException)
    async def http(request: Request, error: StarletteHTTPException) -> JSONResponse:
        response = problem(error.status_code, str(error.detail), "http")
        response.headers.update(error.headers or {})
        if error.status_code == 405:  # the framework names the methods of the first endpoint alone
            response.headers["allow"] = ", ".join(_methods(request))
        return response

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        # The first part of `loc` only says where it stood: in the body, the query or the path.
        place = ".".join(str(part) for part in first["loc"][1:]) or str(first["loc"][0])
        return problem(422, f"{place}: {first['msg']}", "malformed", param=place)

    @app.exception_handler(ClientDisconnect)
    async def disconnected(_: Request, __: ClientDisconnect) -> JSONResponse:
        return problem(400, "the client went away while it sent", "http")

    @app.exception_handler(Exception)
    async def bug(_: Request, error: Exception) -> JSONResponse:
        return problem(500, bug_report(error), "bug")
