"""The parts of a question that asks for two things, and the sides of one that compares two.

    question_parts("When was the boiler fitted and who pays for it?")
    # ("When was the boiler fitted?", "who pays for it?")
    compared_sides("Did we sell more milk in May or in August?")
    # ("Did we sell more milk in May?", "Did we sell more milk in August?")

Each part is answered by itself, since no sentence answers both. The rules look at question words
and at "or" only; where they see nothing the question is one, which is never wrong, merely less.
"""

import re
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
_OR = re.compile(r"\s+(?:or|oder|ou)\s+(?!not\b|nicht\b|non\b)", re.IGNORECASE)
_CHOICE: Final = re.compile(
    r"\b(?:which|who|what|more|less|fewer|first|better|worse|\w+er|welche[rsnm]?|wer|mehr|weniger"
    r"|quel(?:le)?s?|plus|moins)\b",
    re.IGNORECASE,
)
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


def compared_sides(question: str) -> tuple[str, ...]:
    """The question asked of each of two alternatives; empty where it compares nothing."""
    text = question.strip().rstrip("?").strip()
    halves = _OR.split(text)
    if len(halves) != 2 or not _CHOICE.search(halves[0]):
        return ()
    first, second = halves[0].rstrip(" ,"), halves[1].split()
    before = first.split()
    if len(second) > _LONGEST_SIDE or len(before) <= len(second):
        return ()
    return f"{first}?", f"{' '.join(before[: -len(second)])} {' '.join(second)}?"
