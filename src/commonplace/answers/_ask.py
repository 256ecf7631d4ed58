"""From a question and what was retrieved for it to an answer, or to a refusal.

The extractive reader always reads: its extract says how likely it is that the context answers at
all. Below the threshold the question is refused, whichever reader was to write the answer. Above it
the sentences are the extract's quotes, or a language model's where one was asked for, each with the
passages that support it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from commonplace.answers._types import Answer, Citation, Refusal, Sentence
from commonplace.answers.answerability import THRESHOLD, assess
from commonplace.answers.extractive import Extract, ExtractiveReader, Quote
from commonplace.answers.generative import AttributedSentence, GeneratedText, GenerativeReader
from commonplace.answers.mismatch import Weigh, uniform
from commonplace.answers.signals import Encoder
from commonplace.corpus import Passage, without_marker
from commonplace.foundation import Stopwatch

NEAREST: Final = 3  # items that a refusal names
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
        extractive: always reads, and alone decides whether there is an answer.
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
    watch: Stopwatch | None = None,
) -> Iterator[Sentence | Answer | Refusal]:
    """Answer a question from its context, or refuse: checked sentences, last the answer or refusal.

    Args:
        question: as asked.
        context: what was retrieved.
        readers: who reads it.
        cite: makes a citation of a stretch of a passage.
        threshold: the confidence below which the question is refused; `CAUTION` has some, and
            docs/measurements/answers.md their price.
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

    def refuse(reason: str, text: GeneratedText | None = None) -> Refusal:
        near = tuple(dict.fromkeys(passage.path for passage in context.passages))[:NEAREST]
        return Refusal(
            question,
            reason,
            nearest=near,
            confidence=assessment.confidence,
            unsupported=text.unsupported if text else 0,
            reader=readers.name,
            as_of=context.as_of,
            timings=watch.seconds,
            speculation=text.generation if text else None,
            assessment=assessment,
            left_out=text.left_out if text else (),
        )

    if not context.passages:
        yield refuse("the library holds nothing that matches the question")
        return
    if not assessment.suffices:
        yield refuse("nothing in the library answers the question well enough")
        return
    sentences, text = list[Sentence](), None
    for step in _sentences(question, extract, readers, cite, watch):
        if isinstance(step, GeneratedText):
            text = step
        else:
            sentences.append(step)
            yield step
    if not sentences:
        yield refuse("no sentence of an answer is supported by the library", text)
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


def _sentences(
    question: str, extract: Extract, readers: Readers, cite: Cite, watch: Stopwatch
) -> Iterator[Sentence | GeneratedText]:
    """The sentences of an answer, and last, where a model wrote, what became of its text."""
    if readers.generative is None:
        for quote in extract.quotes:
            with watch.stage("cite"):
                sentence = _from_quote(quote, cite)
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


def _from_quote(quote: Quote, cite: Cite) -> Sentence:
    start, end = without_marker(quote.passage.text, (quote.start, quote.end))
    return Sentence(_plain(quote.passage.text[start:end]), (cite(quote.passage, start, end),))


def _from_model(sentence: AttributedSentence, cite: Cite) -> Sentence:
    return Sentence(
        sentence.text, tuple(cite(span.passage, span.start, span.end) for span in sentence.sources)
    )


def _plain(text: str) -> str:
    """A quote as running text: line breaks are not part of what it says."""
    return " ".join(text.split())
