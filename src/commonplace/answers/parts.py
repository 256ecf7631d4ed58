"""The parts of a question that asks for two things, and the sides of one that compares two.

    question_parts("When was the boiler fitted and who pays for it?")
    # ("When was the boiler fitted?", "who pays for it?")
    compared_sides("Did we sell more milk in May or in August?")
    # (Side("Did we sell more milk in May?", {"may"}),
    #  Side("Did we sell more milk in August?", {"august"}))

Each part is answered by itself, since no sentence answers both. The rules look at question words
and at "or" only; where they see nothing the question is one, which is never wrong, merely less.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from commonplace.corpus import analyse

_ASKING: Final = (
    r"(?:(?:at|by|for|from|in|of|on|since|to|until|with|seit|von|mit|für|à|de|par|pour|depuis)\s+)?"
    r"(?:when|where|who|whom|whose|what|which|why|how|wann|wo|wer|wem|wen|was|welche[rsnm]?|warum"
    r"|wieso|wie|quand|où|qui|que|quel(?:le)?s?|comment|pourquoi|combien)\b"
)
_AND = re.compile(rf"\s*[,;]?\s+(?:and|und|et|as well as|sowie)\s+(?={_ASKING})", re.IGNORECASE)
_LEADING_AND = re.compile(r"\s*(?:and|und|et)\s+", re.IGNORECASE)
_OPENING = re.compile(rf"\s*{_ASKING}\s*", re.IGNORECASE)
_OR = re.compile(
    r",?\s+(?:or|oder|ou|vs\.?|versus|gegenüber)\s+(?!not\b|nicht\b|non\b)", re.IGNORECASE
)
_CHOICE: Final = re.compile(
    r"\b(?:which|who|what|more|less|fewer|first|better|worse|\w+er|welche[rsnm]?|wer|mehr|weniger"
    r"|quel(?:le)?s?|plus|moins)\b",
    re.IGNORECASE,
)
_NAME: Final = (  # words with capitals, or one word, with its article and number
    r"(?:(?i:the|an?|der|die|das|den|dem|le|la|les|l)\s+)?"
    r"(?:[^\W\d_a-z]\S*(?:\s+(?:[^\W\d_a-z]|\d)\S*)*|\S+(?:\s+\d\S*)?)"
)
_NAME_AT_START: Final = re.compile(rf"{_NAME}(?=\s|$)")
_NAME_AT_END: Final = re.compile(rf"(?<!\S){_NAME}$")
_LONGEST_SIDE: Final = 5  # words of an alternative; what is longer is a clause, not a name


def question_parts(question: str) -> tuple[str, ...]:
    """The questions that one asks, in order; the question alone where it asks one thing.

    A part that has no subject of its own ("... and when?") keeps the first part before it.
    """
    pieces = [p for mark in re.split(r"(?<=\?)\s+", question.strip()) for p in _AND.split(mark)]
    parts = [_LEADING_AND.sub("", piece).strip().rstrip("?").strip() for piece in pieces]
    if len(parts) < 2 or not all(_OPENING.match(part) for part in parts):
        return (question,)
    whole = [
        part if analyse(_OPENING.sub("", part)) else f"{parts[0]}, and {part}" for part in parts
    ]
    return tuple(f"{part}?" for part in whole)


@dataclass(frozen=True, slots=True)
class Side:
    """One of two alternatives: the question asked of it, and the terms that only it has."""

    question: str
    terms: frozenset[str]


def compared_sides(question: str) -> tuple[Side, ...]:
    """The two alternatives of a question that compares; empty where it compares nothing."""
    halves = _OR.split(question.strip().rstrip("?").strip())
    if len(halves) != 2 or not all(half.split() for half in halves):
        return ()
    before, behind = halves[0].rstrip(" ,").split(), halves[1].split()
    if _CHOICE.search(halves[0]) and len(behind) <= min(_LONGEST_SIDE, len(before) - 1):
        first, second = _last_alternative(before, len(behind)), len(behind)
    elif _CHOICE.search(" ".join(behind)):
        first, second = _length(_NAME_AT_END, before[1:] or before), _length(_NAME_AT_START, behind)
    else:
        return ()
    names = before[-first:], behind[:second]
    return _sides(names, start=before[:-first], rest=behind[second:])


def _last_alternative(before: Sequence[str], others: int) -> int:
    """How many words the first of two alternatives at the end of a question has.

    It begins behind a comma or colon, or is as long as the other one.
    """
    for length in range(1, others + 2):
        if before[-length - 1 : -length] and before[-length - 1][-1] in ",:":
            return length
    return others


def _length(name: re.Pattern[str], words: Sequence[str]) -> int:
    """How many of the words are the name with which they begin or end."""
    match = name.search(" ".join(words))
    return len(match[0].split()) if match else 1


def _sides(
    names: tuple[Sequence[str], Sequence[str]], *, start: Sequence[str], rest: Sequence[str]
) -> tuple[Side, ...]:
    terms = [frozenset(analyse(" ".join(name))) for name in names]
    questions = [" ".join([*start, *name, *rest]) for name in names]
    return tuple(
        Side(f"{question}?", own - other)
        for question, own, other in zip(questions, terms, terms[::-1], strict=True)
    )
