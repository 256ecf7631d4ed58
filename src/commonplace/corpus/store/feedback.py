"""What a user said of passages that were found for a query: `learned/feedback.jsonl`, a line each.

A record points at a passage by its id and by its content, so that it holds on when a file is added
again and the passage is still in it. Records are only ever added, except that a user takes them
back and that what is removed from the library takes its records along.
"""

import json
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, get_args

from commonplace.corpus._types import Passage
from commonplace.corpus.store.tables import Store
from commonplace.foundation import InputError, LibraryError, append_line, write_atomically

Verdict = Literal["up", "down", "opened", "dismissed"]
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)
_SHORTEST_ID: Final = 4  # characters of a record's id that may stand for it


@dataclass(frozen=True, slots=True)
class FeedbackRecord:
    """One verdict of one passage for one query.

    Attributes:
        query: as it was asked.
        passage_id: the passage.
        item_id: the file that it is of.
        content: the hash of the passage's text with its headings.
        verdict: "up" and "down" are said, "opened" and "dismissed" are done.
        rank: where the passage stood among what was shown, from 1; None where nobody knows.
        source: what the verdict was given in: "search", "ask", "judge", ...
        id: names the record.
        at: when, UTC.
    """

    query: str
    passage_id: str
    item_id: str
    content: str
    verdict: Verdict
    rank: int | None = None
    source: str = ""
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def on(
        cls, passage: Passage, query: str, verdict: Verdict, *, rank: int | None, source: str
    ) -> "FeedbackRecord":
        """A new record on a passage."""
        return cls(
            query=query,
            passage_id=passage.id,
            item_id=passage.item_id,
            content=passage.content_hash,
            verdict=verdict,
            rank=rank,
            source=source,
        )

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            verdicts = ", ".join(VERDICTS)
            raise InputError(f"there is no verdict {self.verdict!r}; choose one of {verdicts}")
        if not self.query.strip():
            raise InputError("the query is empty; say what the passage was found for")
        if self.rank is not None and self.rank < 1:
            raise InputError(f"{self.rank} is no rank; the first passage has rank 1")


def feedback_file(store: Store) -> Path:
    """Where the records stand."""
    return store.folder / "learned" / "feedback.jsonl"


def record_feedback(store: Store, record: FeedbackRecord) -> FeedbackRecord:
    """Add one record; it is there when this returns it.

    Raises:
        LibraryError: the disk refuses.
    """
    line = json.dumps({**asdict(record), "at": record.at.isoformat()}, ensure_ascii=True)
    with store.writing():
        try:
            append_line(feedback_file(store), line)
        except OSError as error:
            raise LibraryError(
                f"the feedback could not be kept ({error.strerror or error}); "
                "make room, or see who may write to the library's folder, and try again"
            ) from error
    return record


def read_feedback(store: Store) -> list[FeedbackRecord]:
    """All records, the oldest first; a line that is not whole (a crash, an edit) is left out."""
    try:
        lines = feedback_file(store).read_bytes().splitlines()
    except FileNotFoundError:
        return []
    return [record for line in lines if (record := _record(line))]


def forget_feedback(store: Store, prefixes: tuple[str, ...] = ()) -> list[FeedbackRecord]:
    """Take back the records whose ids start so (none named: all); returns what was forgotten.

    Raises:
        InputError: no record, or more than one, has an id that starts so.
    """
    with store.writing():
        records = read_feedback(store)
        names = {_only(prefix, records).id for prefix in prefixes} if prefixes else None
        return _drop(store, lambda record: names is None or record.id in names)


def forget_items(store: Store, item_ids: set[str]) -> None:
    """Drop the records of removed files. For a caller that holds the write lock."""
    _drop(store, lambda record: record.item_id in item_ids)


def _drop(store: Store, unwanted: Callable[[FeedbackRecord], bool]) -> list[FeedbackRecord]:
    """Write the file anew without what is unwanted; returns that."""
    records = read_feedback(store)
    dropped = [record for record in records if unwanted(record)]
    if dropped:
        names = {record.id for record in dropped}
        lines = feedback_file(store).read_bytes().splitlines()
        remaining = [line for line in lines if (r := _record(line)) is None or r.id not in names]
        write_atomically(feedback_file(store), b"".join(line + b"\n" for line in remaining))
    return dropped


def _record(line: bytes) -> FeedbackRecord | None:
    try:
        values = json.loads(line)
        return FeedbackRecord(**{**values, "at": datetime.fromisoformat(values["at"])})
    except (ValueError, TypeError, KeyError, AttributeError, InputError):
        return None


def _only(prefix: str, records: list[FeedbackRecord]) -> FeedbackRecord:
    matching = [record for record in records if record.id.startswith(prefix)]
    if len(prefix) < _SHORTEST_ID or not matching:
        raise InputError(f"no feedback is called {prefix}; `commonplace feedback` lists it")
    if len(matching) > 1:
        raise InputError(f"{len(matching)} records of feedback start with {prefix}; say more of it")
    return matching[0]
