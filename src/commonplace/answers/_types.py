"""What a question gets: an `Answer`, `Unsure` with the closest quotes, or a `Refusal`.

Every sentence of an answer is cited. Where the library may say it, but it is not sure that it does,
the closest quotes stand with the doubt, and not in the form of an answer. A refusal cites nothing.
`Step` is what arrives on the way there, in this order: the retrieved context, sentences, and last
one of the three.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from commonplace.answers._reasons import Assessment
from commonplace.answers.generative import UnsupportedSentence
from commonplace.corpus import Locator, Passage
from commonplace.models import Generation

Outcome = Literal["answered", "unsure", "refused"]


@dataclass(frozen=True, slots=True)
class Citation:
    """The words of a passage that support a sentence, and where exactly they stand.

    `start:end` are characters of `passage.text`; `locator` resolves to exactly these words.
    `changed` says in one sentence what happened to the file since it was read ("" if nothing).
    """

    passage: Passage
    start: int
    end: int
    locator: Locator
    changed: str = ""

    @property
    def quote(self) -> str:
        """The cited words."""
        return self.passage.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Superseded:
    """An earlier statement that no longer holds for the time that was asked.

    `stated` is when it was made, as far as that is known: "3 January 2024", "March", or "".
    """

    citation: Citation
    stated: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, with at least one citation that supports it.

    `superseded` are the earlier statements that it supersedes, the latest first; `note` then says
    in their words since when it holds and what was before ("as of 4 March 2025; before: 120 €").
    """

    text: str
    citations: tuple[Citation, ...]
    superseded: tuple[Superseded, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class RetrievedContext:
    """The first step of an answer: how many passages are read for it, and of which files."""

    passages: int
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WornAdapter:
    """An adapter that the language model wore while it wrote.

    `stale` are the items that it was trained on and that have changed or vanished since.
    `unchecked` says in a few words why it is not known to be for this very model ("" where it is).
    """

    path: str
    strength: float
    sha256: str
    stale: tuple[str, ...] = ()
    unchecked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    """What every outcome tells, and how it came about.

    Attributes:
        question: as asked.
        confidence: calibrated probability that the context answers the question, 0 to 1.
        unsupported: how many sentences a reader wrote that failed the check and were left out.
        reader: the name of the reader (and model) that read or wrote.
        as_of: the moment whose library was asked.
        timings: seconds by stage.
        speculation: what writing cost, and what drafts saved; None where no model in this process
            wrote.
        assessment: why it is that outcome: what each signal added to the confidence.
        left_out: the unsupported sentences, each with what was missing.
        worn: the adapters that the model wore.
    """

    question: str
    confidence: float
    unsupported: int
    reader: str
    as_of: datetime
    timings: Mapping[str, float] = field(default_factory=dict)
    speculation: Generation | None = None
    assessment: Assessment | None = None
    left_out: tuple[UnsupportedSentence, ...] = ()
    worn: tuple[WornAdapter, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer(_Account):
    """Sentences in reading order.

    Attributes:
        sentences: each supported by its citations.
        newest: when the newest cited source was written; `oldest`: the oldest.
        missing: of a question that asks for several things, the parts that are not answered.
    """

    sentences: tuple[Sentence, ...]
    newest: datetime
    oldest: datetime
    missing: tuple[str, ...] = ()

    @property
    def answered(self) -> bool:
        """Whether it is an answer: it is."""
        return True

    @property
    def outcome(self) -> Outcome:
        """Which of the three it is."""
        return "answered"


@dataclass(frozen=True, slots=True)
class Unsure(_Account):
    """The library may say what was asked: where it comes closest, and why that is in doubt.

    Attributes:
        closest: up to three citations, the closest first.
        reason: the doubt, one clause.
        outline: the headings of the documents, where a summary was asked for and no model can
            write one.
    """

    closest: tuple[Citation, ...]
    reason: str
    outline: tuple[str, ...] = ()

    @property
    def answered(self) -> bool:
        """Whether it is an answer: it is not."""
        return False

    @property
    def outcome(self) -> Outcome:
        """Which of the three it is."""
        return "unsure"


@dataclass(frozen=True, slots=True)
class Refusal(_Account):
    """The library does not answer the question: why, and which items come nearest. No citations."""

    reason: str
    nearest: tuple[str, ...]

    @property
    def answered(self) -> bool:
        """Whether it is an answer: it is not."""
        return False

    @property
    def outcome(self) -> Outcome:
        """Which of the three it is."""
        return "refused"


Reply = Answer | Unsure | Refusal
Step = RetrievedContext | Sentence | Reply
