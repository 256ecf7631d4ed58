"""From a question and what was retrieved for it to an answer, or to a refusal.

The extractive reader always reads: its extract says how likely it is that the context answers at
all. Above the threshold the sentences are the extract's quotes, or a language model's where one was
asked for, each with the passages that support it. Below it an able model decides by what it writes,
as far as that is supported; without one the closest quotes are shown with the doubt. Where nothing
is near the question is refused.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from commonplace.answers._reasons import Assessment
from commonplace.answers._types import (
    Answer,
    Citation,
    Refusal,
    Reply,
    Sentence,
    Superseded,
    Unsure,
)
from commonplace.answers.answerability import NEAR, THRESHOLD, assess
from commonplace.answers.documents import Document, DocumentRequest, openings, read_documents
from commonplace.answers.doubt import doubt
from commonplace.answers.evidence.quoting import quoted
from commonplace.answers.evidence.units import Unit
from commonplace.answers.extractive import Extract, ExtractiveReader
from commonplace.answers.generative import AttributedSentence, GeneratedText, GenerativeReader
from commonplace.answers.mismatch import Weigh, uniform
from commonplace.answers.signals import Encoder
from commonplace.answers.times.choice import Timely, in_time
from commonplace.answers.times.notes import stated_words, time_note
from commonplace.corpus import Passage
from commonplace.foundation import Stopwatch

NEAREST: Final = 3  # items that a refusal names
CLOSEST: Final = 3  # quotes that are shown where it is unsure
Cite = Callable[[Passage, int, int], Citation]  # the citation of characters of a passage


@dataclass(frozen=True, slots=True)
class Context:
    """What a question is answered from.

    Attributes:
        passages: retrieved, best first.
        as_of: the moment of the library.
        parts: of a question that asks for several things (`question_parts`), each part with what
            was retrieved for it; empty where it asks for one.
        request: what is wanted of documents as wholes, if the question asks for that.
        documents: these documents.
    """

    passages: Sequence[Passage]
    as_of: datetime
    parts: Sequence[tuple[str, Sequence[Passage]]] = ()
    request: DocumentRequest | None = None
    documents: Sequence[Document] = ()


@dataclass(frozen=True, slots=True)
class Readers:
    """The readers of one question, and what they decide with.

    Attributes:
        extractive: always reads.
        encoder: compares the question with the extract, for that decision.
        generative: writes the answer in the extractive reader's stead, if given.
        weigh: how rare a term is in the library, for that decision.
    """

    extractive: ExtractiveReader
    encoder: Encoder
    generative: GenerativeReader | None = None
    weigh: Weigh = uniform

    @property
    def name(self) -> str:
        """The reader that an answer names."""
        return f"generative ({self.generative.model.name})" if self.generative else "extractive"


def answering(
    question: str,
    context: Context,
    readers: Readers,
    cite: Cite,
    *,
    threshold: float = THRESHOLD,
    strict: bool = False,
    watch: Stopwatch | None = None,
) -> Iterator[Sentence | Reply]:
    """Answer a question from its context: checked sentences, and last one of the three outcomes.

    Args:
        question: as asked.
        context: what was retrieved.
        readers: who reads it.
        cite: makes a citation of a stretch of a passage.
        threshold: the confidence below which there is no answer; `CAUTION` has some, and
            docs/measurements/answers.md their price.
        strict: refuse where it is unsure.
        watch: the seconds of each stage are added to it.
    """
    asked = _Asked(question, context, readers, cite, strict, watch or Stopwatch())
    with asked.watch.stage("read"):
        parts = context.parts or ((question, context.passages),)
        today = context.as_of.date()
        readings = [_read(part, passages, readers, threshold, today) for part, passages in parts]
    best = max(readings, key=lambda reading: reading.assessment.confidence)
    if not context.passages:
        yield _refusal(asked, best, "the library holds nothing that matches the question")
        return
    if context.request and not context.documents:
        subject = " or ".join(context.request.subjects)
        yield _refusal(asked, best, f"the library holds no document about {subject}")
        return
    if context.request and not readers.generative:
        yield _without_model(asked, best, context.request)
        return
    answers = [reading for reading in readings if reading.suffices]
    if not context.request and not answers and not _asks_model(readers, best.assessment.confidence):
        reason = "nothing in the library answers the question well enough"
        yield _fall_short(asked, best, reason)
        return
    sentences, text = list[Sentence](), None
    for step in _sentences(asked, answers or [best]):
        if isinstance(step, GeneratedText):
            text = step
        else:
            sentences.append(step)
            yield step
    if not sentences:
        reason = "no sentence that the model wrote is supported by the library"
        yield _fall_short(asked, best, reason, text)
        return
    missing = () if text else tuple(r.question for r in readings if not r.suffices)
    yield _answer(asked, best, sentences, text=text, missing=missing)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with everything that its outcome needs; see `answering`."""

    question: str
    context: Context
    readers: Readers
    cite: Cite
    strict: bool
    watch: Stopwatch

    def account(self, reading: "_Reading", text: GeneratedText | None) -> dict[str, Any]:
        """What every outcome says of how it came about."""
        return {
            "question": self.question,
            "confidence": reading.assessment.confidence,
            "unsupported": text.unsupported if text else 0,
            "reader": self.readers.name,
            "as_of": self.context.as_of,
            "timings": self.watch.seconds,
            "speculation": text.generation if text else None,
            "assessment": reading.assessment,
            "left_out": text.left_out if text else (),
        }


@dataclass(frozen=True, slots=True)
class _Reading:
    """A part of a question, what the extractive reader found for it, and what that is worth."""

    question: str
    extract: Extract
    assessment: Assessment
    timely: Timely

    @property
    def suffices(self) -> bool:
        """Whether it is an answer, and of the time that was asked."""
        return self.assessment.suffices and not self.timely.doubt


def _read(
    question: str, passages: Sequence[Passage], readers: Readers, threshold: float, today: date
) -> _Reading:
    extract = readers.extractive.read(question, passages)
    assessment = assess(
        question,
        extract,
        encoder=readers.encoder,
        weigh=readers.weigh,
        threshold=threshold,
    )
    return _Reading(question, extract, assessment, in_time(question, extract, today))


def _answer(
    asked: _Asked,
    reading: _Reading,
    sentences: Sequence[Sentence],
    *,
    text: GeneratedText | None,
    missing: tuple[str, ...],
) -> Answer:
    dates = [c.passage.written_at for sentence in sentences for c in sentence.citations]
    return Answer(
        tuple(sentences),
        newest=max(dates),
        oldest=min(dates),
        missing=missing,
        **asked.account(reading, text),
    )


def _fall_short(
    asked: _Asked, reading: _Reading, refusal: str, text: GeneratedText | None = None
) -> Unsure | Refusal:
    """Unsure, with the reason for the doubt; or refused, where nothing is near."""
    extract = reading.extract
    if asked.strict or not extract.candidates or reading.assessment.confidence < NEAR:
        return _refusal(asked, reading, refusal, text)
    own = reading.timely.doubt or doubt(reading.question, extract, asked.readers.weigh)
    reason = refusal if text else own
    with asked.watch.stage("cite"):
        units = extract.closest(CLOSEST)
        closest = tuple(asked.cite(unit.passage, unit.start, unit.end) for unit in units)
    return Unsure(closest, reason, **asked.account(reading, text))


def _refusal(
    asked: _Asked, reading: _Reading, reason: str, text: GeneratedText | None = None
) -> Refusal:
    near = tuple(dict.fromkeys(passage.path for passage in asked.context.passages))[:NEAREST]
    return Refusal(reason, near, **asked.account(reading, text))


def _asks_model(readers: Readers, confidence: float) -> bool:
    """Whether a model is to say if the passages answer, where the extractive reader is unsure."""
    model = readers.generative
    return model is not None and model.settings.decides and confidence >= NEAR


def _sentences(asked: _Asked, readings: Sequence[_Reading]) -> Iterator[Sentence | GeneratedText]:
    """The sentences of an answer, and last, where a model wrote, what became of its text."""
    if asked.readers.generative is None:
        evidence = {each.unit: r for r in readings for each in r.timely.evidence}
        for unit, reading in evidence.items():
            with asked.watch.stage("cite"):
                sentence = _from_unit(reading, unit, asked.cite)
            yield sentence
        return
    steps = _written(asked, asked.readers.generative, readings[0])
    while True:
        with asked.watch.stage("write"):
            step = next(steps)
        if isinstance(step, GeneratedText):
            yield step
            return
        with asked.watch.stage("cite"):
            sentence = _from_model(step, asked.cite)
        yield sentence


def _written(
    asked: _Asked, reader: GenerativeReader, reading: _Reading
) -> Iterator[AttributedSentence | GeneratedText]:
    """What the model writes: of whole documents in parts, or else of what was retrieved."""
    context = asked.context
    if context.request:
        return read_documents(reader, context.request, context.documents)
    passages = context.passages if len(context.parts) > 1 else reading.extract.passages
    return reader.stream(asked.question, passages)


def _without_model(asked: _Asked, reading: _Reading, request: DocumentRequest) -> Unsure | Refusal:
    """The outline of the documents and the passages that come closest, where no model can write."""
    reason = "summaries, comparisons and collections of whole documents need a language model"
    documents = asked.context.documents
    if asked.strict:
        return _refusal(asked, reading, reason)
    if request.kind == "summary":
        spans = openings(documents, CLOSEST)
    else:
        spans = [(unit.passage, unit.start, unit.end) for unit in reading.extract.closest(CLOSEST)]
    closest = tuple(asked.cite(*span) for span in spans)
    outline = tuple(heading for document in documents for heading in document.outline)
    account = asked.account(reading, None)
    return Unsure(closest, reason, outline, **account)


def _from_unit(reading: _Reading, unit: Unit, cite: Cite) -> Sentence:
    """A unit as a sentence; the items of a list that has others between them are cited apart."""
    spans = unit.parts if unit.parts and unit.state else ((unit.start, unit.end),)
    older = reading.timely.superseded.get(unit, ())
    return Sentence(
        quoted(reading.question, unit),
        tuple(cite(unit.passage, *span) for span in spans),
        tuple(Superseded(cite(u.passage, u.start, u.end), stated_words(u)) for u in older),
        time_note(reading.question, unit, older),
    )


def _from_model(sentence: AttributedSentence, cite: Cite) -> Sentence:
    return Sentence(
        sentence.text, tuple(cite(span.passage, span.start, span.end) for span in sentence.sources)
    )
