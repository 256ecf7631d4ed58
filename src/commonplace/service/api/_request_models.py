"""What clients send to the API, as OpenAPI describes it. Unknown fields are errors."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from commonplace.answers import Caution
from commonplace.corpus import Filter, Kind, Verdict

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"\S")]
Path = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
Profile = Literal["fast", "best", "bm25", "dense"]


class RequestModel(BaseModel):
    """Base of what clients send: an unknown field is an error, since it may be a typing mistake."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class FilteredRequest(RequestModel):
    """A request to a part of the library."""

    paths: list[Path] = Field(
        default=[], alias="in", max_length=50, description="Only at or under one of these."
    )
    kind: list[Kind] = Field(default=[], max_length=20, description="Only of these kinds.")
    tag: list[str] = Field(default=[], max_length=20, description="Only what bears all of these.")
    since: datetime | None = Field(default=None, description="Only what was written since.")
    until: datetime | None = Field(default=None, description="Only what was written until.")
    as_of: datetime | None = Field(default=None, description="The library as it was then.")

    def filter(self) -> Filter:
        """The filter for `Library`."""
        return Filter(
            paths=tuple(self.paths),
            kinds=tuple(self.kind),
            since=self.since,
            until=self.until,
            as_of=self.as_of,
            tags=tuple(self.tag),
        )


class SearchQuery(FilteredRequest):
    """A search."""

    q: Text = Field(description="What to search for.")
    limit: int = Field(default=10, ge=1, le=100)
    profile: Profile = "fast"
    explain: bool = Field(default=False, description="With every number that the places came from.")


class ExplainQuery(FilteredRequest):
    """The hit of a search that is to be explained."""

    q: Text
    citation: Text
    profile: Profile = "fast"


class AskRequest(FilteredRequest):
    """A question."""

    question: Text
    caution: Caution = Field(default="normal", description="How much a false answer is feared.")
    strict: bool = Field(default=False, description="Refuse where the library is unsure.")
    model: str | None = Field(
        default=None, max_length=200, description="A language model that the server offers."
    )
    against: str | None = Field(
        default=None, max_length=64, description="Compare with the record of the log at this time."
    )


class FeedbackRequest(RequestModel):
    """How a passage fitted a query."""

    query: Text
    citation: Text
    verdict: Verdict
    rank: int | None = Field(default=None, ge=1, le=1_000_000)
    source: Literal["search", "ask"] = "search"


class ReadingRequest(RequestModel):
    """An entry of the reading list, and whether it was read."""

    url: Text
    read: bool = True


class FileRequest(RequestModel):
    """A file or folder that the library holds."""

    path: Path


class SignInRequest(RequestModel):
    """A token that becomes the page's cookie."""

    token: Text
