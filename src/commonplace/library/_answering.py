"""From a question to an answer, on one snapshot of the library from the first step to the last.

What is retrieved for the question is read by `answers`; each citation is resolved with the items
of the passages that were retrieved, which are looked up once. Nothing here is asked of the store
again, so an answer is of one moment, also where it takes a language model a minute to write it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from itertools import zip_longest
from typing import Any

from commonplace import answers
from commonplace.answers import Citation, Reply, RetrievedContext, Sentence, Step, WornAdapter
from commonplace.corpus import Filter, Item, Passage, Snapshot, find_source, narrow
from commonplace.foundation import InputError, Stopwatch
from commonplace.library._log import QuestionLog
from commonplace.library._models import OpenModels
from commonplace.library._ranking import Ranker
from commonplace.models import DEFAULT_LANGUAGE_MODEL

_PASSAGES = answers.ExtractiveSettings().passages  # as many as are read


@dataclass(frozen=True, slots=True)
class Question:
    """A question, with all that decides its answer besides the library.

    Attributes:
        text: in full words; a question is read better than keywords.
        filter: what it may be answered from.
        model: a language model that writes the answer: the path of a GGUF file, a name of the
            catalogue ("SmolLM2-135M-Instruct"), or an OpenAI-compatible endpoint
            "http://host:port/v1#name"; None: the extractive reader.
        threshold: the confidence below which it is not answered, 0 to 1; None: the calibrated one.
        strict: refuse where the library is unsure.
        wear: adapters that the model wears while it writes: FILE, or FILE:STRENGTH; without a
            `model` it is SmolLM2-135M-Instruct.
        force_wear: wear what was trained on another model of the same names and sizes too.

    Raises:
        InputError: the question is empty.
    """

    text: str
    filter: Filter | None = None
    model: str | None = None
    threshold: float | None = None
    strict: bool = False
    wear: tuple[str, ...] = ()
    force_wear: bool = False

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise InputError("the question is empty; say what to ask")

    @property
    def writer(self) -> str | None:
        """The language model that writes the answer; None: the extractive reader quotes."""
        return self.model or (DEFAULT_LANGUAGE_MODEL if self.wear else None)


def answer_steps(
    question: Question, snapshot: Snapshot, ranker: Ranker, log: QuestionLog
) -> Iterator[Step]:
    """What was retrieved, each sentence once it is checked, last the outcome, which is logged."""
    watch, asked_at = Stopwatch(), datetime.now(UTC)
    as_of = question.filter.as_of if question.filter else None
    with watch.stage("open"):
        view = ranker.view(snapshot, question.filter)
        worn = _worn_adapters(question, snapshot, ranker.models)
    parts = [
        (part, [hit.passage for hit in ranker.rank(view, part, "best", _PASSAGES, watch=watch)])
        for part in _asked(question.text)
    ]
    passages = _merged([own for _, own in parts])
    paths = tuple(dict.fromkeys(passage.path for passage in passages))
    yield answers.RetrievedContext(len(passages), paths)
    for step in answers.answering(
        question.text,
        _context(question.text, snapshot, parts, as_of or asked_at),
        ranker.models.readers(question.writer, view.idf, question.wear, question.force_wear),
        _citing(snapshot, passages),
        threshold=answers.THRESHOLD if question.threshold is None else question.threshold,
        strict=question.strict,
        watch=watch,
    ):
        if not isinstance(step, answers.Sentence):
            step = replace(step, worn=worn)
            log.add_answer(step, question.filter)
        yield step


def last_step(steps: Iterator[Step]) -> Reply:
    """The outcome that the steps end with."""
    *_, last = steps
    assert not isinstance(last, RetrievedContext | Sentence), "the steps end with an outcome"
    return last


def compare_with_record(
    snapshot: Snapshot, then: Mapping[str, Any], now: Reply
) -> answers.Comparison:
    """Whether an answer differs from an earlier one, a record of the log, and why."""
    names = (str(citation).partition(":")[0] for citation in then.get("passages") or ())
    fates = {name: next(iter(snapshot.find(name)), None) for name in dict.fromkeys(names)}
    return answers.compare(then, now, fates)


def _context(
    question: str,
    snapshot: Snapshot,
    parts: Sequence[tuple[str, Sequence[Passage]]],
    as_of: datetime,
) -> answers.Context:
    """What was retrieved, and where it asks for whole documents, these with all their passages."""
    passages = _merged([own for _, own in parts])
    request = answers.document_request(question)
    if request is None:
        return answers.Context(passages, as_of, parts)
    rankings = [own for _, own in parts]
    documents = answers.requested_documents(request, rankings, snapshot.passages_of)
    return answers.Context(passages, as_of, parts, request, documents)


def _asked(question: str) -> Sequence[str]:
    """What is searched for: each part of a question, or each subject of whole documents."""
    request = answers.document_request(question)
    return request.subjects if request else answers.question_parts(question)


def _merged(rankings: Sequence[Sequence[Passage]]) -> list[Passage]:
    """The passages of some rankings, the first of each first, none twice."""
    rows = zip_longest(*rankings)
    return list({p.id: p for row in rows for p in row if p is not None}.values())


def _citing(
    snapshot: Snapshot, passages: Sequence[Passage]
) -> Callable[[Passage, int, int], Citation]:
    """What makes the citations of one answer; the items are looked up when the first is made."""

    @cache
    def items() -> dict[str, Item]:
        return snapshot.items_by_id({passage.item_id for passage in passages})

    def cite(passage: Passage, start: int, end: int) -> Citation:
        source = find_source(passage, items().get(passage.item_id))
        locator = narrow(passage, start, end, source)
        return Citation(passage, start, end, locator, source.changed)

    return cite


def _worn_adapters(
    question: Question, snapshot: Snapshot, models: OpenModels
) -> tuple[WornAdapter, ...]:
    """What the model wears, and which of the items behind it have changed since."""
    if question.writer is None or not question.wear:
        return ()
    hashes = snapshot.content_hashes
    return tuple(
        WornAdapter(
            adapter.path,
            adapter.strength,
            adapter.sha256,
            stale=tuple(
                item for item, then in adapter.trained_on.items() if hashes.get(item) != then
            ),
            unchecked=adapter.unchecked,
        )
        for adapter in models.worn(question.writer, question.wear, question.force_wear)
    )
