"""The documented objects (docs/json.md): what `--json` prints and the service sends."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from math import fsum, isnan, nan
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commonplace.answers import Answer, Assessment, Citation, Refusal, Sentence
    from commonplace.corpus import FeedbackRecord, Locator, Reading, Shown, Status
    from commonplace.models import Generation
    from commonplace.retrieval import Hit


def as_json(record: Mapping[str, Any], indent: int | None = None) -> str:
    """One object in ASCII without control characters, so that every pipe can hold it."""
    return json.dumps(record, indent=indent, default=_plain).replace("\x7f", "\\u007f")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def locator_record(locator: "Locator") -> dict[str, Any]:
    """The locator's fields, and its "type": "text" or "page"."""
    from commonplace.corpus import encode_locator

    record: dict[str, Any] = json.loads(encode_locator(locator))
    return record


def hits_record(hits: "Sequence[Hit]") -> dict[str, Any]:
    """{"hits": [...]}, best first."""
    return {"hits": [hit_record(hit) for hit in hits]}


def hit_record(hit: "Hit") -> dict[str, Any]:
    """A passage with its place, its words and its score; its explanation, if there is one."""
    passage = hit.passage
    record = {
        "path": passage.path,
        "locator": locator_record(passage.locator),
        "text": passage.text,
        "score": hit.score,
        "id": passage.id,
        "title": passage.title,
        "heading": list(passage.heading),
        "kind": passage.kind,
        "written_at": passage.written_at,
    }
    return record | ({"explanation": asdict(hit.explanation)} if hit.explanation else {})


def answer_record(answer: "Answer | Refusal") -> dict[str, Any]:
    """An answer or a refusal; both have the same keys."""
    from commonplace.answers import Answer

    answered = isinstance(answer, Answer)
    sentences = answer.sentences if isinstance(answer, Answer) else ()
    return {
        "answered": answered,
        "question": answer.question,
        "sentences": [sentence_record(sentence) for sentence in sentences],
        "reason": "" if isinstance(answer, Answer) else answer.reason,
        "nearest": [] if isinstance(answer, Answer) else list(answer.nearest),
        "as_of": answer.as_of,
        "newest": answer.newest if isinstance(answer, Answer) else None,
        "oldest": answer.oldest if isinstance(answer, Answer) else None,
        "reader": answer.reader,
        "confidence": answer.confidence,
        "unsupported": answer.unsupported,
        "timings": dict(answer.timings),
        "speculation": speculation_record(answer.speculation),
        "worn": [asdict(one) for one in answer.worn],
        "why": _why(kept) if (kept := assessment_record(answer.assessment)) else None,
    }


def speculation_record(made: "Generation | None") -> dict[str, Any] | None:
    """What writing took: tokens, seconds, drafts, and the speed-up that they gave, estimated."""
    if made is None:
        return None
    return asdict(made) | {"acceptance": made.acceptance, "speed_up": made.speed_up}


def assessment_record(made: "Assessment | None") -> dict[str, Any] | None:
    """What the log keeps of why: a reason is [signal, value, what it adds]."""
    if made is None:
        return None
    judged = made.sentence
    return {
        "confidence": made.confidence,
        "threshold": made.threshold,
        "start": made.start,
        "reasons": [[r.signal, None if isnan(r.value) else r.value, r.adds] for r in made.reasons],
        "sentence": f"{judged.passage.id}:{judged.start}-{judged.end}" if judged else None,
    }


def reasons_record(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Why a question of the log was answered or refused: `start` and the reasons are `logit`."""
    return {
        "question": asked["query"],
        "answered": asked["answered"],
        **_why(asked["assessment"]),
        "left_out": asked["left_out"],
    }


def _why(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: kept[name] for name in ("confidence", "threshold", "start")},
        "logit": fsum([kept["start"], *(adds for _, _, adds in kept["reasons"])]),
        "reasons": [_reason(*reason) for reason in kept["reasons"]],
        "sentence": kept["sentence"],
    }


def _reason(signal: str, value: float | None, adds: float) -> dict[str, Any]:
    from commonplace.answers import Reason

    told = Reason(signal, nan if value is None else value, adds)
    record = {"signal": signal, "value": value, "adds": adds}
    return record | {"phrase": told.phrase, "measured": told.measured}


def sentence_record(sentence: "Sentence") -> dict[str, Any]:
    """Its text and its citations."""
    citations = [_citation(citation) for citation in sentence.citations]
    return {"text": sentence.text, "citations": citations}


def citation_id(citation: "Citation") -> str:
    """What `commonplace show` takes."""
    return f"{citation.passage.id}:{citation.start}-{citation.end}"


def _citation(citation: "Citation") -> dict[str, Any]:
    return {
        "path": citation.passage.path,
        "title": citation.passage.title,
        "heading": list(citation.passage.heading),
        "locator": locator_record(citation.locator),
        "quote": citation.quote,
        "id": citation_id(citation),
        "changed": citation.changed,
        "passage": citation.passage.text,
    }


def shown_record(shown: "Shown") -> dict[str, Any]:
    """A citation in its place; `picture`: whether a page of a PDF is drawn instead of a text."""
    passage = shown.passage
    return {
        "path": passage.path,
        "title": passage.title,
        "heading": list(passage.heading),
        "kind": passage.kind,
        "locator": locator_record(shown.locator),
        "before": shown.before,
        "words": shown.words,
        "after": shown.after,
        "picture": shown.picture is not None,
        "changed": shown.changed,
        "written_at": passage.written_at,
    }


def status_record(status: "Status") -> dict[str, Any]:
    """{"files": [{"path", "state", "reason", "passages"}], "totals": {...}}."""
    names = ("path", "state", "reason", "passages")
    files = [{name: getattr(file, name) for name in names} for file in status.files]
    return {"files": files, "totals": status.totals}


def reading_record(entries: "Sequence[Reading]") -> dict[str, Any]:
    """{"entries": [...]}, the most mentioned first."""
    return {"entries": [_entry(entry) for entry in entries]}


def _entry(entry: "Reading") -> dict[str, Any]:
    return {
        "url": entry.url,
        "kind": entry.kind,
        "title": entry.title,
        "count": len(entry.mentions),
        "read": entry.read_at is not None,
        "read_at": entry.read_at,
        "mentions": [asdict(mention) for mention in entry.mentions],
    }


def feedback_record(records: "Sequence[FeedbackRecord]") -> dict[str, Any]:
    """{"records": [...]}, the oldest first."""
    return {"records": [asdict(record) for record in records]}
