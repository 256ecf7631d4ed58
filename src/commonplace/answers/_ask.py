"""From a question and what was retrieved for it to an answer, or to a refusal.

The extractive reader always reads: what it finds says how likely it is that the context answers at
all. Below the threshold the question is refused, whoever was to write the answer. Above it the
sentences are the reader's own quotes, or a language model's where one was asked for, each with the
passages that support it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from commonplace.answers._types import Answer, Citation, Refusal, Sentence
from commonplace.answers.answerability import THRESHOLD, assess
from commonplace.answers.extractive import ExtractiveReader, Quote, Reading
from commonplace.answers.generative import GenerativeReader, Writing, Written
from commonplace.answers.mismatch import Weigh, uniform
from commonplace.answers.signals import Encoder
from commonplace.corpus import Passage, without_marker
from commonplace.foundation import Stopwatch

NEAREST: Final = 3  # items that a refusal names
Cite = Callable[[Passage, int, int], Citation]  # the citation of characters of a passage


@dataclass(frozen=True, slots=True)
class Context:
    """What a question is asked of.

    Attributes:
        passages: retrieved, best first.
        as_of: the moment of the library.
    """

    passages: Sequence[Passage]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads.

    Attributes:
        extractive: always reads, and alone decides whether there is an answer.
        encoder: compares the question with what was found, for that decision.
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
    """Answer a question from its context, or refuse: each sentence once checked, last the whole.

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
        reading = readers.extractive.read(question, context.passages)
        judged = assess(question, reading, readers.encoder, readers.weigh, threshold)

    def refuse(reason: str, writing: Writing | None = None) -> Refusal:
        near = tuple(dict.fromkeys(passage.path for passage in context.passages))[:NEAREST]
        return Refusal(
            question,
            reason,
            near,
            judged.confidence,
            writing.unsupported if writing else 0,
            readers.name,
            context.as_of,
            watch.seconds,
            writing.generation if writing else None,
            judged,
            writing.left_out if writing else (),
        )

    if not context.passages:
        yield refuse("the library holds nothing that matches the question")
        return
    if not judged.enough:
        yield refuse("nothing in the library answers the question well enough")
        return
    sentences, writing = list[Sentence](), None
    for step in _sentences(question, reading, readers, cite, watch):
        if isinstance(step, Writing):
            writing = step
        else:
            sentences.append(step)
            yield step
    if not sentences:
        yield refuse("no sentence of an answer is supported by the library", writing)
        return
    written = [c.passage.written_at for sentence in sentences for c in sentence.citations]
    yield Answer(
        question,
        tuple(sentences),
        judged.confidence,
        writing.unsupported if writing else 0,
        readers.name,
        context.as_of,
        newest=max(written),
        oldest=min(written),
        timings=watch.seconds,
        speculation=writing.generation if writing else None,
        assessment=judged,
        left_out=writing.left_out if writing else (),
    )


def answer(
    question: str,
    context: Context,
    readers: Readers,
    cite: Cite,
    *,
    threshold: float = THRESHOLD,
    watch: Stopwatch | None = None,
) -> Answer | Refusal:
    """The last of `answering`: the answer, or the refusal."""
    *_, last = answering(question, context, readers, cite, threshold=threshold, watch=watch)
    assert not isinstance(last, Sentence), "the last step is the whole"
    return last


def _sentences(
    question: str, reading: Reading, readers: Readers, cite: Cite, watch: Stopwatch
) -> Iterator[Sentence | Writing]:
    """The sentences of an answer, and last, where a model wrote, what became of its text."""
    if readers.generative is None:
        for quote in reading.quotes:
            with watch.stage("cite"):
                sentence = _quoted(quote, cite)
            yield sentence
        return
    steps = readers.generative.reading(question, reading.passages)
    while True:
        with watch.stage("write"):
            step = next(steps)
        if isinstance(step, Writing):
            yield step
            return
        with watch.stage("cite"):
            sentence = _written(step, cite)
        yield sentence


def _quoted(quote: Quote, cite: Cite) -> Sentence:
    start, end = without_marker(quote.passage.text, (quote.start, quote.end))
    return Sentence(_plain(quote.passage.text[start:end]), (cite(quote.passage, start, end),))


def _written(sentence: Written, cite: Cite) -> Sentence:
    found = tuple(cite(source.passage, source.start, source.end) for source in sentence.sources)
    return Sentence(sentence.text, found)


def _plain(text: str) -> str:
    """A quote as running text: line breaks are not part of what it says."""
    return " ".join(text.split())
