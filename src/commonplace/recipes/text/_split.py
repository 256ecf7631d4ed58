"""Text to learn from, text that chooses the step, and text that is only reported.

Notable: whole documents are held out, chosen by a hash of their words, so that the choice stays
when others come or go; of one long document, its end. Copies and revisions lie in many libraries.
Documents that share half of the smaller one's runs of eight words (w-shingling, Broder 1997) are
one group, which stands on one side as a whole; then each paragraph is left out of which half or
more also stands in a part that is held out. What is reported has chosen nothing.
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
class TrainingText:
    """One text, and the item of the library that it is."""

    text: str
    id: str = ""
    sha256: str = ""  # of the item's content
    name: str = ""


@dataclass(frozen=True)
class Parts:
    """Documents to learn from, to choose the step by, and to report."""

    learned: tuple[TrainingText, ...]
    validation: tuple[TrainingText, ...]
    test: tuple[TrainingText, ...]
    left_out: int = 0  # paragraphs that are in no part, as they stand in one that is held out


def split(documents: Sequence[TrainingText], validation: float, test: float) -> Parts:
    """Hold out about these shares of the text; no copy of a held-out passage is learned.

    Raises:
        InputError: there is too little text for three parts.
    """
    documents = [document for document in documents if document.text.strip()]
    total = _size(documents)
    remaining = sorted(_groups(documents), key=lambda group: min(map(_hash, group)))
    test_part, remaining = _take_groups(remaining, test * total)
    validation_part, remaining = _take_groups(remaining, validation * total)
    learned = sorted((document for group in remaining for document in group), key=documents.index)
    test_part, learned = _fill_part(test_part, learned, test * total)
    validation_part, learned = _fill_part(validation_part, learned, validation * total)
    return _deduplicate(learned, validation_part, test_part)


def runs(text: str) -> set[str]:
    """All runs of eight words, in lower case."""
    words = _WORD.findall(text.lower())
    return {" ".join(words[at : at + _RUN]) for at in range(len(words) - _RUN + 1)}


def _groups(documents: Sequence[TrainingText]) -> list[list[TrainingText]]:
    """Documents that are near-duplicates of each other, directly or through others, together."""
    sizes, documents_of_run = [], defaultdict(list)
    for number, document in enumerate(documents):
        # their texts would be eight times the library
        run_hashes = set(map(hash, runs(document.text)))
        sizes.append(len(run_hashes))
        for run in run_hashes:
            documents_of_run[run].append(number)
    shared: Counter[tuple[int, int]] = Counter()
    for numbers in documents_of_run.values():
        if 1 < len(numbers) <= _COMMON:
            shared.update(combinations(numbers, 2))
    leader = list(range(len(documents)))
    for (first, second), count in shared.items():
        if 2 * count >= min(sizes[first], sizes[second]):
            absorbed, absorbing = _leader(leader, second), _leader(leader, first)
            leader[absorbed] = absorbing
    groups: dict[int, list[TrainingText]] = {}
    for number, document in enumerate(documents):
        groups.setdefault(_leader(leader, number), []).append(document)
    return list(groups.values())


def _leader(leader: list[int], number: int) -> int:
    """The number of the document that stands for the group of this one."""
    while leader[number] != number:
        leader[number] = leader[leader[number]]
        number = leader[number]
    return number


def _take_groups(
    groups: list[list[TrainingText]], target: float
) -> tuple[list[TrainingText], list[list[TrainingText]]]:
    """Select whole groups of about `target` characters; returns them and at least one other."""
    selected: list[TrainingText] = []
    remaining: list[list[TrainingText]] = []
    for number, group in enumerate(groups):
        others = len(remaining) + len(groups) - number - 1
        if others and _size(group) <= 2 * (target - _size(selected)):
            selected += group
        else:
            remaining.append(group)
    return selected, remaining


def _fill_part(
    part: list[TrainingText], learned: list[TrainingText], target: float
) -> tuple[list[TrainingText], list[TrainingText]]:
    """Give the end of the longest document to a part that has less than half of its target."""
    if _size(part) >= target / 2 or not learned:
        return part, learned
    longest = max(learned, key=lambda document: len(document.text))
    before, after = _cut(longest, round(target - _size(part)))
    return [*part, after], [before if document is longest else document for document in learned]


def _deduplicate(
    learned: Iterable[TrainingText],
    validation_part: Iterable[TrainingText],
    test_part: Sequence[TrainingText],
) -> Parts:
    """Leave out of each part what stands in the next ones."""
    test_runs = _all_runs(test_part)
    validation, repeated = _leave_out_repeats(validation_part, test_runs)
    learned_part, repeated_later = _leave_out_repeats(learned, test_runs | _all_runs(validation))
    if not learned_part or not validation or not test_part:
        raise InputError(
            "there is too little text to learn from and to hold some of it out; select more"
        )
    return Parts(learned_part, validation, tuple(test_part), repeated + repeated_later)


def _leave_out_repeats(
    documents: Iterable[TrainingText], foreign_runs: set[str]
) -> tuple[tuple[TrainingText, ...], int]:
    """Leave out the paragraphs that stand elsewhere too; returns the documents and their number."""
    retained: list[TrainingText] = []
    left_out = 0
    for document in documents:
        paragraphs = _PARAGRAPHS.split(document.text)
        fresh = [paragraph for paragraph in paragraphs if not _is_repeated(paragraph, foreign_runs)]
        left_out += len(paragraphs) - len(fresh)
        if any(map(str.strip, fresh)):
            retained.append(replace(document, text="\n\n".join(fresh)))
    return tuple(retained), left_out


def _all_runs(documents: Iterable[TrainingText]) -> set[str]:
    return set().union(*(runs(document.text) for document in documents))


def _is_repeated(paragraph: str, foreign_runs: set[str]) -> bool:
    own_runs = runs(paragraph)
    return bool(own_runs) and 2 * len(own_runs & foreign_runs) >= len(own_runs)


def _cut(document: TrainingText, characters: int) -> tuple[TrainingText, TrainingText]:
    """A document without its end, and its end, cut between words."""
    at = document.text.rfind(" ", 0, max(len(document.text) - characters, 0)) + 1
    return replace(document, text=document.text[:at]), replace(document, text=document.text[at:])


def _size(documents: Iterable[TrainingText]) -> int:
    return sum(len(document.text) for document in documents)


def _hash(document: TrainingText) -> bytes:
    return hashlib.sha256(" ".join(_WORD.findall(document.text.lower())).encode()).digest()
