"""From what the library returns to the documented objects of `record_types`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from math import fsum, isnan, nan
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from commonplace.answers import Assessment, Citation, Outcome, Reply, Sentence
    from commonplace.corpus import FeedbackRecord, Locator, ReadingListEntry, ShownCitation, Status
    from commonplace.library import record_types as types
    from commonplace.models import Generation
    from commonplace.retrieval import Hit


def as_json(record: Mapping[str, Any], indent: int | None = None) -> str:
    """One object in ASCII without control characters, so that every pipe can hold it."""
    # `json` escapes every control character but DEL.
    return json.dumps(record, indent=indent, default=_plain).replace("\x7f", "\\u007f")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def locator_record(locator: "Locator") -> "types.LocatorRecord":
    """The locator's fields and its type, "text" or "page"."""
    from commonplace.corpus import encode_locator

    record: types.LocatorRecord = json.loads(encode_locator(locator))
    return record


def hits_record(hits: "Sequence[Hit]") -> "types.HitsRecord":
    """The hits of a search, in their order."""
    return {"hits": [hit_record(hit) for hit in hits]}


def hit_record(hit: "Hit") -> "types.HitRecord":
    """A passage with its place, its text and its score, and its explanation if it has one."""
    passage = hit.passage
    record: types.HitRecord = {
        "path": passage.path,
        "locator": locator_record(passage.locator),
        "text": passage.text,
        "score": hit.score,
        "id": passage.id,
        "title": passage.title,
        "heading": list(passage.heading),
        "kind": passage.kind,
        "written_at": passage.written_at,
        "also_in": list(hit.also_in),
        "superseded_by": hit.superseded_by,
        "changed": hit.changed,
        "fits": hit.fits,
    }
    if hit.explanation:
        record["explanation"] = asdict(hit.explanation)
    return record


def answer_record(answer: "Reply") -> "types.AnswerRecord":
    """What a question got; all three outcomes have the same keys."""
    from commonplace.answers import Answer, Refusal, Unsure

    sentences = answer.sentences if isinstance(answer, Answer) else ()
    closest = answer.closest if isinstance(answer, Unsure) else ()
    assessment = assessment_record(answer.assessment)
    return {
        "answered": answer.answered,
        "outcome": answer.outcome,
        "question": answer.question,
        "sentences": [sentence_record(sentence) for sentence in sentences],
        "closest": [_citation(citation) for citation in closest],
        "reason": "" if isinstance(answer, Answer) else answer.reason,
        "outline": list(answer.outline) if isinstance(answer, Unsure) else [],
        "missing": list(answer.missing) if isinstance(answer, Answer) else [],
        "nearest": list(answer.nearest) if isinstance(answer, Refusal) else [],
        "as_of": answer.as_of,
        "newest": answer.newest if isinstance(answer, Answer) else None,
        "oldest": answer.oldest if isinstance(answer, Answer) else None,
        "reader": answer.reader,
        "confidence": answer.confidence,
        "unsupported": answer.unsupported,
        "timings": dict(answer.timings),
        "speculation": speculation_record(answer.speculation),
        "worn": [cast("types.WornRecord", asdict(adapter)) for adapter in answer.worn],
        "why": _why(assessment) if assessment else None,
    }


def speculation_record(generation: "Generation | None") -> "types.SpeculationRecord | None":
    """What writing took: tokens, seconds, drafts, and an estimate of the speed-up they gave."""
    if generation is None:
        return None
    ratios = {"acceptance": generation.acceptance, "speed_up": generation.speed_up}
    return cast("types.SpeculationRecord", asdict(generation) | ratios)


def assessment_record(assessment: "Assessment | None") -> "types.AssessmentRecord | None":
    """What the log keeps of a decision."""
    if assessment is None:
        return None
    judged = assessment.sentence
    return {
        "confidence": assessment.confidence,
        "threshold": assessment.threshold,
        "start": assessment.start,
        "reasons": [
            # JSON has no NaN, which stands for a signal that was not measured
            (reason.signal, None if isnan(reason.value) else reason.value, reason.adds)
            for reason in assessment.reasons
        ],
        "sentence": f"{judged.passage.id}:{judged.start}-{judged.end}" if judged else None,
    }


def logged_outcome(logged: Mapping[str, Any]) -> "Outcome":
    """The outcome of a question of the log; older records say only whether it was answered."""
    outcome: Outcome = logged.get("outcome") or ("answered" if logged["answered"] else "refused")
    return outcome


def reasons_record(logged: Mapping[str, Any]) -> "types.DecisionRecord":
    """Why a question of the log was answered, was in doubt or was refused."""
    return {
        "question": logged["query"],
        "answered": logged["answered"],
        "outcome": logged_outcome(logged),
        **_why(logged["assessment"]),
        "left_out": logged["left_out"],
    }


def _why(assessment: "types.AssessmentRecord") -> "types.WhyRecord":
    return {
        "confidence": assessment["confidence"],
        "threshold": assessment["threshold"],
        "start": assessment["start"],
        "logit": fsum([assessment["start"], *(adds for _, _, adds in assessment["reasons"])]),
        "reasons": [_reason(*reason) for reason in assessment["reasons"]],
        "sentence": assessment["sentence"],
    }


def _reason(signal: str, value: float | None, adds: float) -> "types.ReasonRecord":
    from commonplace.answers import Reason

    reason = Reason(signal, nan if value is None else value, adds)
    return {
        "signal": signal,
        "value": value,
        "adds": adds,
        "phrase": reason.phrase,
        "measured": reason.measured,
    }


def sentence_record(sentence: "Sentence") -> "types.SentenceRecord":
    """The sentence's text, its citations, and what it supersedes."""
    citations = [_citation(citation) for citation in sentence.citations]
    superseded: list[types.SupersededRecord] = [
        {"stated": earlier.stated, "citation": _citation(earlier.citation)}
        for earlier in sentence.superseded
    ]
    return {
        "text": sentence.text,
        "citations": citations,
        "note": sentence.note,
        "superseded": superseded,
    }


def citation_id(citation: "Citation") -> str:
    """The name that `commonplace show` takes."""
    return f"{citation.passage.id}:{citation.start}-{citation.end}"


def _citation(citation: "Citation") -> "types.CitationRecord":
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


def shown_record(shown: "ShownCitation") -> "types.ShownRecord":
    """A citation in its place."""
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


def status_record(status: "Status") -> "types.StatusRecord":
    """What became of each file, and the totals."""
    return {
        "files": [
            {"path": f.path, "state": f.state, "reason": f.reason, "passages": f.passages}
            for f in status.files
        ],
        "totals": status.totals,
    }


def reading_record(entries: "Sequence[ReadingListEntry]") -> "types.ReadingListRecord":
    """The entries of the reading list, in their order."""
    return {"entries": [_entry(entry) for entry in entries]}


def _entry(entry: "ReadingListEntry") -> "types.ReadingListEntryRecord":
    return {
        "url": entry.url,
        "kind": entry.kind,
        "title": entry.title,
        "count": len(entry.mentions),
        "read": entry.read_at is not None,
        "read_at": entry.read_at,
        "mentions": [cast("types.MentionRecord", asdict(mention)) for mention in entry.mentions],
    }


def feedback_record(records: "Sequence[FeedbackRecord]") -> "types.FeedbackListRecord":
    """The records of feedback, in their order."""
    return {"records": [cast("types.VerdictRecord", asdict(record)) for record in records]}
