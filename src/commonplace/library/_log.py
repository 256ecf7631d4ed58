"""The log of a library: each question and each search as one JSON object, `log/log.jsonl`.

A record says what was asked, of which part of the library, which passages were used, and how long
each stage took. docs/json.md names the fields. The log stays on this machine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonplace.corpus import Filter
from commonplace.foundation import append_record, read_records
from commonplace.library._records import assessment_record, citation_id, speculation_record
from commonplace.retrieval import Hit

if TYPE_CHECKING:
    from commonplace.answers import Reply


@dataclass(frozen=True, slots=True)
class QuestionLog:
    """The log in one library's folder; `paused`: nothing is written, as while it is measured."""

    folder: Path
    paused: bool = False

    @property
    def _file(self) -> Path:
        return self.folder / "log" / "log.jsonl"

    def read(self, limit: int) -> list[dict[str, Any]]:
        """The last records, newest first."""
        return read_records(self._file, limit)

    def add_search(
        self,
        query: str,
        filter: Filter | None,
        hits: Sequence[Hit],
        profile: str,
        seconds: Mapping[str, float],
    ) -> None:
        """Note a search and the passages that it gave."""
        passages = [hit.passage.id for hit in hits]
        self._add("search", query, filter, passages, profile=profile, timings=seconds)

    def add_answer(self, answer: "Reply", filter: Filter | None) -> None:
        """Note the outcome with what it cites, and what spoke for it."""
        sentences = getattr(answer, "sentences", ())
        closest = getattr(answer, "closest", ())
        citations = [citation for sentence in sentences for citation in sentence.citations]
        citations += closest
        self._add(
            "ask",
            answer.question,
            filter,
            list(dict.fromkeys(map(citation_id, citations))),
            answered=answer.answered,
            outcome=answer.outcome,
            sentences=[sentence.text for sentence in sentences],
            closest=[{"id": citation_id(each), "quote": each.quote} for each in closest],
            reason=getattr(answer, "reason", ""),
            confidence=round(answer.confidence, 4),
            reader=answer.reader,
            timings=answer.timings,
            speculation=speculation_record(answer.speculation),
            assessment=assessment_record(answer.assessment),
            left_out=[asdict(sentence) for sentence in answer.left_out],
            worn=[asdict(adapter) for adapter in answer.worn],
        )

    def _add(
        self, verb: str, query: str, filter: Filter | None, passages: Sequence[str], **details: Any
    ) -> None:
        if self.paused:
            return
        restrictions = asdict(filter).items() if filter else ()
        record: dict[str, Any] = {"at": datetime.now(UTC).isoformat(), "verb": verb, "query": query}
        record["filter"] = {name: value for name, value in restrictions if value}
        append_record(self._file, record | {"passages": passages, **details})
