"""`/api/plans`: the capacity plans that `serve --plan` names, as the page draws them.

A token sees them if its library is the one that the service was started for.
"""

from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request
from pydantic import Field

from commonplace.service.api._response_models import Response
from commonplace.service.api.dependencies import ERRORS, CurrentSettings, CurrentToken
from commonplace.service.state.plans import Plans

plans_api = APIRouter(prefix="/api/plans", responses=ERRORS, tags=["plans"])


class PlanNameResponse(Response):
    """A plan, and what changes when one of its files does."""

    name: str
    version: str


class PlansResponse(Response):
    """The plans that this server offers."""

    plans: list[PlanNameResponse]


class PictureResponse(Response):
    """An SVG whose classes the page styles, and what is said below it."""

    svg: str
    caption: str


class PieceResponse(Response):
    """A heading, what is to be seen, and pictures."""

    heading: str
    words: str
    pictures: list[PictureResponse]


class SentencesResponse(Response):
    """The first sentences of a kind, and how many more there are."""

    sentences: list[str]
    more: int


class _PlanBaseResponse(PlanNameResponse):
    """Fields of every answer about a plan: the problems of its folder, if it cannot be read."""

    problems: list[str]
    more_problems: int


class PlanResponse(_PlanBaseResponse):
    """What `check` says of a plan; with problems it has nothing but these."""

    title: str | None = None
    span: str | None = None
    feasible: bool | None = None
    verdict: str | None = None
    breaks: SentencesResponse | None = None
    stranded: SentencesResponse | None = None
    idle: SentencesResponse | None = None
    pieces: list[PieceResponse] = Field(default=[])


class PurchaseResponse(Response):
    """Units of an item to order, for where, by when, and from when on they can be used."""

    place: str
    item: str
    units: int
    month: int
    usable: int
    cost: float
    instead_of: int | None
    by: str


class OrdersResponse(_PlanBaseResponse):
    """What `order` would order for a plan; with problems it has nothing but these."""

    feasible: bool | None = None
    cost: float | None = None
    said: str = ""  # what the time did not suffice for
    purchases: list[PurchaseResponse] = Field(default=[])
    more_purchases: int = 0
    late: SentencesResponse | None = None
    reconciled: SentencesResponse | None = None
    pieces: list[PieceResponse] = Field(default=[])


def _plans(request: Request, settings: CurrentSettings, token: CurrentToken) -> Plans:
    own = token is None or token.library == str(settings.library.absolute())
    plans: Plans = request.app.state.plans
    return plans if own else Plans(())


OfferedPlans = Annotated[Plans, Depends(_plans)]


@plans_api.get("", response_model=PlansResponse)
async def plans(offered: OfferedPlans) -> dict[str, Any]:
    """The plans that this server offers."""
    return {"plans": await run_sync(offered.list)}


@plans_api.get("/{name}", response_model=PlanResponse)
async def plan(offered: OfferedPlans, name: str) -> dict[str, Any]:
    """Whether a plan holds, what breaks, and its pictures; or what is wrong with its folder."""
    return await run_sync(offered.verdict, name)


@plans_api.get("/{name}/orders", response_model=OrdersResponse)
async def orders(offered: OfferedPlans, name: str) -> dict[str, Any]:
    """What to order for it, by when, and what is late."""
    return await run_sync(offered.orders, name)
