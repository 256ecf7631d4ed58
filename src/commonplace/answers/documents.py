"""Questions about documents as wholes: summaries, comparisons, everything about a subject.

    document_request("Summarise the paper on tidal fences.")
    # DocumentRequest(kind="summary", subjects=("the paper on tidal fences",))

No few sentences answer these. A language model reads each document in parts that fit its window,
and every statement that it writes of a part is checked and cited like any other sentence. Without a
model the honest reply is that one is needed; the outline of the documents and the passages that
come closest stand in the place of an answer.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePath
from typing import Final, Literal

from commonplace.answers.generative import AttributedSentence, GeneratedText, GenerativeReader
from commonplace.corpus import Passage, analyse, sentence_spans

Kind = Literal["summary", "comparison", "collection"]

MOST_DOCUMENTS: Final = 4  # that are read as wholes; a collection may touch more
MOST_PARTS: Final = 12  # of a document; each is a call of the model
OUTLINE: Final = 12  # headings that are shown without a model
_OPENING: Final = 300  # characters of a passage that are shown without a model
_ANY_DOCUMENT: Final = frozenset(
    analyse(
        "paper article note notes document file text post page book chapter report talk pdf "
        "everything papier artikel notiz notizen dokument datei kapitel bericht protokoll"
    )
)
_TELLING = re.compile(
    r"abstract|summary|introduction|overview|conclusions?|results?|zusammenfassung|einleitung"
    r"|fazit|ergebnis\w*|résumé|conclusion|introduction",
    re.IGNORECASE,
)

_POLITE: Final = (
    r"\s*(?:please\s+|can you\s+|could you\s+|bitte\s+|give me\s+|write\s+|show me\s+)*"
)
_PATTERNS: Final[tuple[tuple[Kind, str], ...]] = (
    ("summary", r"(?:summari[sz]e|sum up|tl;?dr:?|outline)\s+(?P<a>.+)"),
    (
        "summary",
        r"(?:an?\s+|the\s+)?(?:short\s+|brief\s+)?(?:summary|overview|abstract|gist)\s+"
        r"(?:of|on)\s+(?P<a>.+)",
    ),
    (
        "summary",
        r"what(?:'s| is| are)\s+the\s+(?:summary|gist|main points?)\s+(?:of|in)\s+(?P<a>.+)",
    ),
    ("summary", r"(?:fasse?|fass)\s+(?P<a>.+?)\s+(?:kurz\s+)?zusammen"),
    ("summary", r"(?:eine\s+)?zusammenfassung\s+(?:von|der|des|zu[mr]?)\s+(?P<a>.+)"),
    ("summary", r"(?:résume[rz]?|un résumé d[eu]s?)\s+(?P<a>.+)"),
    (
        "comparison",
        r"(?:compare|contrast|vergleiche?|comparez?)\s+(?P<a>.+?)\s+"
        r"(?:and|with|to|und|mit|et|avec)\s+(?P<b>.+)",
    ),
    (
        "collection",
        r"(?:list|collect|find|tell me|show)?\s*(?:everything|all)\s+"
        r"(?:that\s+|i\s+(?:have|know|wrote)\s+|(?:my|the)\s+notes\s+say\s+|there is\s+)*"
        r"(?:about|on|über|sur)\s+(?P<a>.+)",
    ),
    ("collection", r"(?:liste|sammle|zeige?)?\s*alles\s+(?:über|zu[mr]?)\s+(?P<a>.+?)(?:\s+auf)?"),
)
_REQUESTS: Final = tuple(
    (kind, re.compile(f"{_POLITE}{text}", re.IGNORECASE)) for kind, text in _PATTERNS
)


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """What is wanted of documents as wholes, and what they are about: two subjects compared."""

    kind: Kind
    subjects: tuple[str, ...]

    def of_part(self, title: str) -> str:
        """What a model is asked of a part of a document."""
        if self.kind == "summary":
            return f"What are the main points of this part of {title}?"
        return f"What does this say about {' and '.join(self.subjects)}?"


@dataclass(frozen=True, slots=True)
class Document:
    """An item with all its passages, in reading order."""

    title: str
    passages: tuple[Passage, ...]

    @property
    def outline(self) -> tuple[str, ...]:
        """The headings, each below the ones above it: "Method > Stakes"."""
        headings = (" > ".join(passage.heading) for passage in self.passages if passage.heading)
        return tuple(dict.fromkeys(headings))[:OUTLINE] or (self.title,)

    def is_about(self, subject: str) -> bool:
        """Whether it has most words of a subject, besides those that only say "a document"."""
        terms = set(analyse(subject)) - _ANY_DOCUMENT
        texts = [PurePath(passage.path).name for passage in self.passages[:1]] + [self.title]
        held = {t for p in self.passages for t in analyse(f"{' '.join(p.heading)} {p.text}")}
        held.update(term for text in texts for term in analyse(text))
        return bool(terms) and 2 * len(terms & held) > len(terms)


def document_request(question: str) -> DocumentRequest | None:
    """What a question wants of whole documents; None where it asks for a fact."""
    text = question.strip().rstrip(".?!").strip()
    for kind, pattern in _REQUESTS:
        if match := pattern.fullmatch(text):
            subjects = tuple(subject for subject in match.groupdict().values() if subject)
            return DocumentRequest(kind, subjects)
    return None


def parts(
    document: Document, budget: int, cost: Callable[[Passage], int]
) -> Iterator[tuple[Passage, ...]]:
    """Runs of neighbouring passages, each within the budget; one that exceeds it stands alone.

    Args:
        document: what is read.
        budget: tokens that the passages of a part may take together.
        cost: tokens of a passage.
    """
    part: list[Passage] = []
    spent = 0
    for passage in document.passages:
        tokens = cost(passage)
        if part and spent + tokens > budget:
            yield tuple(part)
            part, spent = [], 0
        part.append(passage)
        spent += tokens
    if part:
        yield tuple(part)


def requested_documents(
    request: DocumentRequest,
    rankings: Sequence[Sequence[Passage]],
    passages_of: Callable[[str], Sequence[Passage]],
) -> tuple[Document, ...]:
    """The documents that are to be read: of each subject those that are about it, best first.

    Args:
        request: what is wanted.
        rankings: what was retrieved for each of its subjects, passages best first.
        passages_of: the passages of an item, in reading order.
    """
    most = MOST_DOCUMENTS if request.kind == "collection" else 1
    chosen: dict[str, Document] = {}
    for subject, ranked in zip(request.subjects, rankings, strict=True):
        items = (item for item in _items(ranked) if item not in chosen)
        documents = ((item, _document(passages_of(item))) for item in items)
        about = ((item, document) for item, document in documents if document.is_about(subject))
        chosen.update(islice(about, most))
    return tuple(chosen.values())


def _document(passages: Sequence[Passage]) -> Document:
    return Document(passages[0].title or PurePath(passages[0].path).name, tuple(passages))


def _items(ranked: Sequence[Passage]) -> list[str]:
    """The ids of the items that a ranking speaks of: each by its passages' reciprocal ranks."""
    weights: dict[str, float] = {}
    for rank, passage in enumerate(ranked, 1):
        weights[passage.item_id] = weights.get(passage.item_id, 0.0) + 1 / rank
    return sorted(weights, key=lambda item: -weights[item])


def openings(documents: Sequence[Document], count: int) -> list[tuple[Passage, int, int]]:
    """Where documents say themselves what they are about: characters `start:end` of passages.

    Passages below headings such as "Abstract" or "Results" come first, then the first ones.
    """
    passages = [passage for document in documents for passage in document.passages]
    telling = [p for p in passages if p.heading and _TELLING.fullmatch(p.heading[-1].strip())]
    chosen = list(dict.fromkeys([*telling, *passages]))[:count]
    return [(passage, *_opening(passage.text)) for passage in chosen]


def read_documents(
    reader: GenerativeReader, request: DocumentRequest, documents: Sequence[Document]
) -> Iterator[AttributedSentence | GeneratedText]:
    """Each statement that the model writes of a part, once it is checked; last the text as a whole.

    Args:
        reader: asks the model and checks what it writes.
        request: what is wanted.
        documents: what is read; of each `MOST_PARTS` parts at most.
    """
    texts: list[GeneratedText] = []
    written: dict[str, AttributedSentence] = {}
    for document in documents:
        question = request.of_part(document.title)
        runs = parts(document, reader.budget(question), reader.cost)
        for part in islice(runs, MOST_PARTS):
            for step in reader.stream(question, part):
                if isinstance(step, GeneratedText):
                    texts.append(step)
                elif step.text not in written:
                    written[step.text] = step
                    yield step
    yield GeneratedText(
        tuple(written.values()),
        tuple(sentence for text in texts for sentence in text.left_out),
        "\n".join(text.raw for text in texts),
    )


def _opening(text: str) -> tuple[int, int]:
    """The first sentences of a text, as many as can be read at a glance."""
    spans = sentence_spans(text) or [(0, len(text))]
    start, end = spans[0]
    for _, later in spans[1:]:
        if later - start <= _OPENING:
            end = later
    return start, end
