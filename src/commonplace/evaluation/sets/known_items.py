"""Questions made from a library itself, for a library that nobody has judged yet.

A *known-item question* asks for something that is known to be there: a heading (its section is
relevant), a definition ("X is a ...": the passages that define X), the text of a link (the passages
that hold it). Such questions are easier than those of people, for they use the words of the text:
they compare configurations, and say little about how often a person will be satisfied. To keep
the trivial ones out, every word of a heading or link text must also occur elsewhere, and what
occurs in several places (Introduction, Exercises) is left out.

The choice is seeded: the same library gives the same questions.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pyarrow.compute as pc

from commonplace.corpus import Snapshot, analyse, sentence_spans

Sort = Literal["heading", "definition", "link"]
SORTS: Final[tuple[Sort, ...]] = ("heading", "definition", "link")
_SEED: Final = 11
_WORDS: Final = (2, 10)  # of a heading or link text
_MOST_RELEVANT: Final = 8  # passages; what more of them fit is too vague to be one thing
_READ: Final = 20_000  # passages that are searched for definitions
_NUMBERED = re.compile(r"^(?:\d[\d.]*|[A-Z](?:\.\d+)*\.?|[IVX]+\.)\s+(?=\w)")
_SUBJECT: Final = r"(?:An?\s+)?((?:[A-Za-z][\w'’-]*\s+){0,3}?[A-Za-z][\w'’-]*(?:\s+\([\w-]+\))?)"
_DEFINITION = re.compile(rf"^[*_`]*{_SUBJECT}[*_`]*\s+(?:is|are)\s+an?\s+\w")
_MAYBE: Final = r"\b(is|are) an?\b"
_CITATION = re.compile(r"et al|\b(?:19|20)\d\d\b")
_NO_SUBJECT = frozenset(
    """it this that these those the there here he she they we you i what which who one such each
    all both some many most if when where while because since as in on at for of with from to by
    and but or so note example another other first second third our their its his her my your
    not no then thus even though like result results idea reason problem goal following former
    latter above below""".split()
)


@dataclass(frozen=True, slots=True)
class KnownItem:
    """A question, what it was made from, and the contents of the passages that answer it."""

    text: str
    sort: Sort
    relevant: frozenset[str]
    path: str
    subject: str


@dataclass(frozen=True, slots=True)
class _Text:
    """The columns of a passage that questions are made of."""

    content: str
    path: str
    title: str
    heading: tuple[str, ...]
    text: str


def known_items(snapshot: Snapshot, most: int) -> list[KnownItem]:
    """At most `most` questions, as evenly of each sort as there are enough."""
    texts = _texts(snapshot)
    sorts = {
        "heading": _shuffled(_headings(texts)),
        "definition": _shuffled(_definitions(texts)),
        "link": _shuffled(_links(snapshot, texts)),
    }
    items: list[KnownItem] = []
    subjects: set[tuple[str, ...]] = set()
    streams = {sort: _sound(pool, snapshot) for sort, pool in sorts.items()}
    while streams and len(items) < most:
        for sort in list(streams):
            item = next((i for i in streams[sort] if _terms(i.subject) not in subjects), None)
            if item is None:
                del streams[sort]
            elif len(items) < most:
                subjects.add(_terms(item.subject))
                items.append(item)
    return items


def _texts(snapshot: Snapshot) -> list[_Text]:
    """All visible passages, in an order that does not depend on when they were added."""
    import json

    columns = ["content_hash", "path", "title", "heading", "text"]
    table = snapshot["passages"].to_table(columns=columns, filter=snapshot.where_visible)
    rows = table.sort_by([("path", "ascending"), ("content_hash", "ascending")]).to_pylist()
    return [
        _Text(r["content_hash"], r["path"], r["title"], tuple(json.loads(r["heading"])), r["text"])
        for r in rows
    ]


def _shuffled(items: Iterable[KnownItem]) -> list[KnownItem]:
    shuffled = sorted(items, key=lambda item: (item.text, item.path))
    random.Random(_SEED).shuffle(shuffled)
    return shuffled


def _sound(items: Sequence[KnownItem], snapshot: Snapshot) -> Iterator[KnownItem]:
    """Those whose every word also occurs in a passage that is not relevant."""
    for item in items:
        terms = _terms(item.subject)
        if not 1 <= len(item.relevant) <= _MOST_RELEVANT or not terms:
            continue
        if item.sort == "definition" or all(
            snapshot.document_frequency(term) > len(item.relevant) for term in terms
        ):
            yield item


def _terms(text: str) -> tuple[str, ...]:
    return tuple(sorted(set(analyse(text))))


def _headings(texts: Sequence[_Text]) -> Iterator[KnownItem]:
    """A heading that stands in one place only asks for the passages right below it."""
    places: dict[str, dict[tuple[str, tuple[str, ...]], set[str]]] = {}
    for text in texts:
        if text.heading and _is_name(_bare(text.heading[-1])):
            sections = places.setdefault(_bare(text.heading[-1]).lower(), {})
            sections.setdefault((text.path, text.heading), set()).add(text.content)
    for name, sections in places.items():
        if len(sections) == 1:
            ((path, _), contents), *_ = sections.items()
            yield KnownItem(name, "heading", frozenset(contents), path, name)


def _bare(heading: str) -> str:
    """The heading without its number."""
    return _NUMBERED.sub("", " ".join(heading.split()))


def _is_name(text: str) -> bool:
    """Whether these are words that one would search for."""
    words = text.split()
    plain = sum(len(word) > 2 and word.strip("\"'().,:?!").isalpha() for word in words)
    return _WORDS[0] <= len(words) <= _WORDS[1] and plain > 1 and len(_terms(text)) > 1


def _definitions(texts: Sequence[_Text]) -> Iterator[KnownItem]:
    """A sentence like "X is a ..." asks what X is; all passages that say so are relevant."""
    defined: dict[tuple[str, ...], list[tuple[str, _Text]]] = defaultdict(list)
    for text in _maybe_defining(texts):
        for start, end in sentence_spans(text.text):
            if subject := _subject(" ".join(text.text[start:end].split())):
                defined[_terms(subject)].append((subject, text))
    for terms, definitions in defined.items():
        subject, first = definitions[0]
        if terms:
            contents = frozenset(text.content for _, text in definitions)
            yield KnownItem(f"what is {subject}", "definition", contents, first.path, subject)


def _maybe_defining(texts: Sequence[_Text]) -> list[_Text]:
    import pyarrow as pa

    held = pc.match_substring_regex(pa.array([t.text for t in texts], pa.string()), _MAYBE)
    maybe = [text for text, is_held in zip(texts, held.to_pylist(), strict=True) if is_held]
    if len(maybe) > _READ:
        sample = set(random.Random(_SEED).sample(range(len(maybe)), _READ))
        maybe = [text for at, text in enumerate(maybe) if at in sample]
    return maybe


def _subject(sentence: str) -> str | None:
    """What a sentence defines, if it defines something that has a name."""
    match = _DEFINITION.match(sentence)
    if not match:
        return None
    subject = match[1].strip(" *_`")
    words = [word.lower() for word in subject.split()]
    if _NO_SUBJECT & set(words) or len(words[-1]) < 2 or words[-1].endswith("ly"):
        return None
    return subject


def _is_title(label: str) -> bool:
    """Whether the text of a link names a thing, and not a person, a year or "project website"."""
    return _is_name(label) and len(_terms(label)) > 2 and not _CITATION.search(label)


def _links(snapshot: Snapshot, texts: Sequence[_Text]) -> Iterator[KnownItem]:
    """The text of a link asks for the passages of its file that hold it."""
    rows = snapshot["links"].to_table(columns=["item_id", "revision", "path", "label"]).to_pylist()
    paths_of: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        label = " ".join((row["label"] or "").split())
        if snapshot.revisions.get(row["item_id"]) == row["revision"] and _is_title(label):
            paths_of[label].add(row["path"])
    labels: dict[str, list[str]] = defaultdict(list)
    for label, paths in paths_of.items():
        if len(paths) == 1:
            labels[next(iter(paths))].append(label)
    held: dict[str, set[str]] = defaultdict(set)
    for text in texts:
        flat = " ".join(text.text.split()) if text.path in labels else ""
        for label in labels.get(text.path, ()):
            if label in flat:
                held[label].add(text.content)
    for label, contents in held.items():
        yield KnownItem(label, "link", frozenset(contents), next(iter(paths_of[label])), label)
