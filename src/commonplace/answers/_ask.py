"""From a question and what was retrieved for it to an answer, or to a refusal.

The extractive reader always reads: its extract says how likely it is that the context answers at
all. Above the threshold the sentences are the extract's quotes, or a language model's where one was
asked for, each with the passages that support it. Below it an able model decides by what it writes,
as far as that is supported; without one the closest quotes are shown with the doubt. Where nothing
is near the question is refused.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from commonplace.answers._types import Answer, Citation, Refusal, Reply, Sentence, Unsure
from commonplace.answers.answerability import NEAR, THRESHOLD, assess
from commonplace.answers.doubt import doubt
from commonplace.answers.extractive import Extract, ExtractiveReader, ScoredUnit
from commonplace.answers.generative import AttributedSentence, GeneratedText, GenerativeReader
from commonplace.answers.mismatch import Weigh, uniform
from commonplace.answers.signals import Encoder
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
    """

    passages: Sequence[Passage]
    as_of: datetime


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
    watch = watch or Stopwatch()
    with watch.stage("read"):
        extract = readers.extractive.read(question, context.passages)
        assessment = assess(
            question,
            extract,
            encoder=readers.encoder,
            weigh=readers.weigh,
            threshold=threshold,
        )

    def account(text: GeneratedText | None) -> dict[str, Any]:
        """What every outcome says of how it came about."""
        return {
            "confidence": assessment.confidence,
            "unsupported": text.unsupported if text else 0,
            "reader": readers.name,
            "as_of": context.as_of,
            "timings": watch.seconds,
            "speculation": text.generation if text else None,
            "assessment": assessment,
            "left_out": text.left_out if text else (),
        }

    def fall_short(refusal: str, text: GeneratedText | None = None) -> Unsure | Refusal:
        """Unsure, with the reason for the doubt; or refused, where nothing is near."""
        if strict or not extract.candidates or assessment.confidence < NEAR:
            return refuse(refusal, text)
        reason = refusal if text else doubt(question, extract, readers.weigh)
        with watch.stage("cite"):
            units = extract.closest(CLOSEST)
            closest = tuple(cite(unit.passage, unit.start, unit.end) for unit in units)
        return Unsure(
            question,
            closest,
            reason,
            **account(text),
        )

    def refuse(reason: str, text: GeneratedText | None = None) -> Refusal:
        near = tuple(dict.fromkeys(passage.path for passage in context.passages))[:NEAREST]
        return Refusal(
            question,
            reason,
            nearest=near,
            **account(text),
        )

    if not context.passages:
        yield refuse("the library holds nothing that matches the question")
        return
    if not assessment.suffices and not _asks_model(readers, assessment.confidence):
        yield fall_short("nothing in the library answers the question well enough")
        return
    sentences, text = list[Sentence](), None
    for step in _sentences(question, extract, readers, cite, watch):
        if isinstance(step, GeneratedText):
            text = step
        else:
            sentences.append(step)
            yield step
    if not sentences:
        yield fall_short("no sentence that the model wrote is supported by the library", text)
        return
    dates = [c.passage.written_at for sentence in sentences for c in sentence.citations]
    yield Answer(
        question,
        tuple(sentences),
        confidence=assessment.confidence,
        unsupported=text.unsupported if text else 0,
        reader=readers.name,
        as_of=context.as_of,
        newest=max(dates),
        oldest=min(dates),
        timings=watch.seconds,
        speculation=text.generation if text else None,
        assessment=assessment,
        left_out=text.left_out if text else (),
    )


def _asks_model(readers: Readers, confidence: float) -> bool:
    """Whether a model is to say if the passages answer, where the extractive reader is unsure."""
    model = readers.generative
    return model is not None and model.settings.decides and confidence >= NEAR


def _sentences(
    question: str, extract: Extract, readers: Readers, cite: Cite, watch: Stopwatch
) -> Iterator[Sentence | GeneratedText]:
    """The sentences of an answer, and last, where a model wrote, what became of its text."""
    if readers.generative is None:
        for each in extract.evidence:
            with watch.stage("cite"):
                sentence = _from_unit(each, cite)
            yield sentence
        return
    steps = readers.generative.stream(question, extract.passages)
    while True:
        with watch.stage("write"):
            step = next(steps)
        if isinstance(step, GeneratedText):
            yield step
            return
        with watch.stage("cite"):
            sentence = _from_model(step, cite)
        yield sentence


def _from_unit(each: ScoredUnit, cite: Cite) -> Sentence:
    """A unit as a sentence; the items of a list that has others between them are cited apart."""
    unit = each.unit
    spans = unit.parts if unit.parts and unit.state else ((unit.start, unit.end),)
    return Sentence(unit.plain, tuple(cite(unit.passage, *span) for span in spans))


def _from_model(sentence: AttributedSentence, cite: Cite) -> Sentence:
    return Sentence(
        sentence.text, tuple(cite(span.passage, span.start, span.end) for span in sentence.sources)
    )
