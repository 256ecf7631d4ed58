"""Text to learn from and text held out, so that the second was not seen in the first.

Notable: whole documents are held out, chosen by a hash of their words, so that the choice stays
when others come or go; of one long document, its end. Copies and revisions lie in many libraries,
so then each paragraph of the training text is left out of which half or more also stands in the
held-out text: runs of eight words (w-shingling, Broder 1997).

    python -m pytest tests/adapters/test_text_split.py
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from commonplace.foundation import InputError

_WORD: Final = re.compile(r"\w+")
_RUN: Final = 8  # words
_PARAGRAPHS: Final = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class Document:
    """One text, and the item of the library that it is."""

    text: str
    id: str = ""
    sha256: str = ""  # of the item's content
    name: str = ""


@dataclass(frozen=True)
class Parts:
    """Documents to learn from, documents held out."""

    learned: tuple[Document, ...]
    held_out: tuple[Document, ...]
    left_out: int = 0  # paragraphs that were no longer learned, as they stand in the held-out text


def split(documents: Sequence[Document], share: float) -> Parts:
    """Hold out about `share` of the text.

    Raises:
        InputError: there is too little text for two parts.
    """
    documents = [one for one in documents if one.text.strip()]
    wanted = share * sum(len(one.text) for one in documents)
    held: list[Document] = []
    for one in sorted(documents, key=_hash):
        if len(one.text) <= 2 * (wanted - _size(held)) and len(held) + 1 < len(documents):
            held.append(one)
    chosen = set(map(id, held))
    learned = [one for one in documents if id(one) not in chosen]
    if _size(held) < wanted / 2 and learned:
        end = max(learned, key=lambda one: len(one.text))
        before, after = _cut(end, round(wanted - _size(held)))
        learned = [before if one is end else one for one in learned]
        held.append(after)
    return _apart(learned, held)


def runs(text: str) -> set[str]:
    """All runs of eight words, in lower case."""
    words = _WORD.findall(text.lower())
    return {" ".join(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)}


def _apart(learned: Iterable[Document], held: Sequence[Document]) -> Parts:
    """Leave out of the first what stands in the second."""
    seen = set().union(*(runs(one.text) for one in held)) if held else set()
    kept: list[Document] = []
    left_out = 0
    for one in learned:
        paragraphs = _PARAGRAPHS.split(one.text)
        new = [paragraph for paragraph in paragraphs if not _is_known(paragraph, seen)]
        left_out += len(paragraphs) - len(new)
        if any(map(str.strip, new)):
            kept.append(Document("\n\n".join(new), one.id, one.sha256, one.name))
    if not kept or not held:
        raise InputError(
            "there is too little text to learn from and to hold some of it out; select more"
        )
    return Parts(tuple(kept), tuple(held), left_out)


def _is_known(paragraph: str, seen: set[str]) -> bool:
    own = runs(paragraph)
    return bool(own) and 2 * len(own & seen) >= len(own)


def _cut(document: Document, characters: int) -> tuple[Document, Document]:
    """A document without its end, and its end, cut between words."""
    at = document.text.rfind(" ", 0, max(len(document.text) - characters, 0)) + 1
    before, after = document.text[:at], document.text[at:]
    return (
        Document(before, document.id, document.sha256, document.name),
        Document(after, document.id, document.sha256, document.name),
    )


def _size(documents: Iterable[Document]) -> int:
    return sum(len(one.text) for one in documents)


def _hash(document: Document) -> bytes:
    return hashlib.sha256(" ".join(_WORD.findall(document.text.lower())).encode()).digest()
