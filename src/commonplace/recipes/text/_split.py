"""Text to learn from, text that chooses the step, and text that is only reported.

Notable: whole documents are held out, chosen by a hash of their words, so that the choice stays
when others come or go; of one long document, its end. Copies and revisions lie in many libraries.
Documents that share half of the smaller one's runs of eight words (w-shingling, Broder 1997) are
one group, which stands on one side as a whole; then each paragraph is left out of which half or
more also stands in a part that is held out. What is reported has chosen nothing.

    python -m pytest tests/recipes/test_text_split.py
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Final

from commonplace.foundation import InputError

_WORD: Final = re.compile(r"\w+")
_RUN: Final = 8  # words
_COMMON: Final = 20  # a run that stands in more documents is a formula of the house, and no copy
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
    """Documents to learn from, to choose the step by, and to report."""

    learned: tuple[Document, ...]
    validation: tuple[Document, ...]
    test: tuple[Document, ...]
    left_out: int = 0  # paragraphs that are in no part, as they stand in one that is held out


def split(documents: Sequence[Document], validation: float, test: float) -> Parts:
    """Hold out about these shares of the text; no copy of a held-out passage is learned.

    Raises:
        InputError: there is too little text for three parts.
    """
    documents = [one for one in documents if one.text.strip()]
    whole = _size(documents)
    waiting = sorted(_groups(documents), key=lambda group: min(map(_hash, group)))
    tested, waiting = _take(waiting, test * whole)
    chosen, waiting = _take(waiting, validation * whole)
    learned = sorted((one for group in waiting for one in group), key=documents.index)
    tested, learned = _fill(tested, learned, test * whole)
    chosen, learned = _fill(chosen, learned, validation * whole)
    return _apart(learned, chosen, tested)


def runs(text: str) -> set[str]:
    """All runs of eight words, in lower case."""
    words = _WORD.findall(text.lower())
    return {" ".join(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)}


def _groups(documents: Sequence[Document]) -> list[list[Document]]:
    """Documents that are near-duplicates of each other, directly or through others, together."""
    sizes, standing = [], defaultdict(list)
    for number, one in enumerate(documents):
        own = set(map(hash, runs(one.text)))
        sizes.append(len(own))
        for run in own:
            standing[run].append(number)
    shared: Counter[tuple[int, int]] = Counter()
    for where in standing.values():
        if 1 < len(where) <= _COMMON:
            shared.update(combinations(where, 2))
    leader = list(range(len(documents)))
    for (first, second), count in shared.items():
        if 2 * count >= min(sizes[first], sizes[second]):
            old, new = _leader(leader, second), _leader(leader, first)
            leader[old] = new
    groups: dict[int, list[Document]] = {}
    for number, one in enumerate(documents):
        groups.setdefault(_leader(leader, number), []).append(one)
    return list(groups.values())


def _leader(leader: list[int], number: int) -> int:
    """Who stands for the group of this document."""
    while leader[number] != number:
        leader[number] = leader[leader[number]]
        number = leader[number]
    return number


def _take(
    groups: list[list[Document]], wanted: float
) -> tuple[list[Document], list[list[Document]]]:
    """Whole groups of about so many characters, and the others, of which there is one at least."""
    taken: list[Document] = []
    left: list[list[Document]] = []
    for number, group in enumerate(groups):
        more = len(left) + len(groups) - number - 1
        if more and _size(group) <= 2 * (wanted - _size(taken)):
            taken += group
        else:
            left.append(group)
    return taken, left


def _fill(
    part: list[Document], learned: list[Document], wanted: float
) -> tuple[list[Document], list[Document]]:
    """The end of the longest document for a part that has less than half of what it should."""
    if _size(part) >= wanted / 2 or not learned:
        return part, learned
    longest = max(learned, key=lambda one: len(one.text))
    before, after = _cut(longest, round(wanted - _size(part)))
    return [*part, after], [before if one is longest else one for one in learned]


def _apart(
    learned: Iterable[Document], chosen: Iterable[Document], tested: Sequence[Document]
) -> Parts:
    """Leave out of each part what stands in the next ones."""
    seen = _all_runs(tested)
    validation, repeated = _without(chosen, seen)
    kept, again = _without(learned, seen | _all_runs(validation))
    if not kept or not validation or not tested:
        raise InputError(
            "there is too little text to learn from and to hold some of it out; select more"
        )
    return Parts(kept, validation, tuple(tested), repeated + again)


def _without(documents: Iterable[Document], seen: set[str]) -> tuple[tuple[Document, ...], int]:
    """The documents without the paragraphs that are known, and how many those are."""
    kept: list[Document] = []
    left_out = 0
    for one in documents:
        paragraphs = _PARAGRAPHS.split(one.text)
        new = [paragraph for paragraph in paragraphs if not _is_known(paragraph, seen)]
        left_out += len(paragraphs) - len(new)
        if any(map(str.strip, new)):
            kept.append(replace(one, text="\n\n".join(new)))
    return tuple(kept), left_out


def _all_runs(documents: Iterable[Document]) -> set[str]:
    return set().union(*(runs(one.text) for one in documents))


def _is_known(paragraph: str, seen: set[str]) -> bool:
    own = runs(paragraph)
    return bool(own) and 2 * len(own & seen) >= len(own)


def _cut(document: Document, characters: int) -> tuple[Document, Document]:
    """A document without its end, and its end, cut between words."""
    at = document.text.rfind(" ", 0, max(len(document.text) - characters, 0)) + 1
    return replace(document, text=document.text[:at]), replace(document, text=document.text[at:])


def _size(documents: Iterable[Document]) -> int:
    return sum(len(one.text) for one in documents)


def _hash(document: Document) -> bytes:
    return hashlib.sha256(" ".join(_WORD.findall(document.text.lower())).encode()).digest()
