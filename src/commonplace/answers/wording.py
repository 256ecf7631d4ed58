"""Patterns that say what a question's words ask for and what a sentence's could answer; no model.

They are for English, with the question words of German. A question in another language gets the
type `other` and no mismatch, so that nothing is held against it.
"""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, Literal, get_args

from commonplace.corpus import analyse

QuestionType = Literal[
    "mail", "phone", "who", "when", "where", "number", "why", "how", "which", "other"
]
QUESTION_TYPES: Final[tuple[QuestionType, ...]] = get_args(QuestionType)

_MONTHS = (
    "jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|m\u00e4rz|apr(?:il)?|may|mai|june?|juni|july?|juli"
    "|aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?"
)
_NUMERALS = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty"
    "|seventy|eighty|ninety|hundred|thousand|million|billion|dozens?|half|third|quarter|several"
    "|once|twice"
)
_PATTERNS: Final[tuple[tuple[QuestionType, str], ...]] = (
    ("mail", r"\be-?mail\b|\bmail ?address\b|\bmail ?adresse\b"),
    ("phone", r"\b(?:tele)?phone\b|\bmobile\b|\btel\b|\btelefon\w*|\bhandy\w*|\bfax\b"),
    (
        "when",
        r"\b(?:when|wann|deadline)\b|\bdate of\b"
        r"|\b(?:what|which|welche\w*) "
        r"(?:year|date|century|decade|month|day|time|era|period|jahr|tag)\b",
    ),
    (
        "number",
        r"\b(?:how|wie) (?:many|much|long|old|often|far|large|big|tall|wide|fast|high|heavy|deep"
        r"|viele?|lange?|oft|hoch|gro\u00df|teuer|schwer|weit)\b"
        r"|\b(?:percent\w*|number|amount|size|age|proportion|share|fraction|price|cost|costs|rent|fee"
        r"|rate|budget|weight|length|version|code|pin)\b",
    ),
    ("who", r"\b(?:who(?:m|se)?|wer|wen|wem)\b"),
    (
        "where",
        r"\b(?:where|wo|wohin)\b"
        r"|\b(?:what|which) (?:country|city|state|region|nation|place|town|island|room|shelf)\b",
    ),
    ("why", r"\b(?:why|warum|weshalb|wieso)\b|\breason\b|\bhow come\b|\bfor what purpose\b"),
    ("how", r"\b(?:how|wie)\b"),
    ("which", r"\b(?:what|which) (?!is\b|are\b|was\b|were\b|do\b|does\b|did\b|has\b|can\b)\w+"),
)
_ASKS: Final = tuple((kind, re.compile(text, re.IGNORECASE)) for kind, text in _PATTERNS)
_SPANS: Final[dict[str, re.Pattern[str]]] = {
    "mail": re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+"),
    "phone": re.compile(r"(?<![\w@.])\+?\d[\d ()/-]{5,}\d(?!\w)"),
    "when": re.compile(
        rf"\b(?:1\d\d\d|20\d\d)s?\b|\b(?:{_MONTHS})\b|\b\d{{1,2}}[.:/]\d{{1,2}}\b"
        r"|\b\w+ centur(?:y|ies)\b|\b(?:in|by|since|until) \d{3}\b",
        re.IGNORECASE,
    ),
    "number": re.compile(rf"\d+(?:[.,]\d+)*|\b(?:{_NUMERALS})\b", re.IGNORECASE),
    "who": re.compile(r"\b[A-Z][\w'\u2019-]*(?: [A-Z][\w'\u2019-]*)*"),
    "where": re.compile(r"\b[A-Z][\w'\u2019-]*(?: [A-Z][\w'\u2019-]*)*"),
    "why": re.compile(r"\b(?:because|due|since|so that|in order|to|therefore|as)\b", re.IGNORECASE),
}
_FOCUS = re.compile(
    r"\b(?:what|which|whose|how many|how much)\s+((?:[a-z-]+\s+){0,2}?[a-z-]+)"
    r"(?=\s+(?:is|are|was|were|do|does|did|has|have|had|can|could|would|will|of|in|for|that)\b)",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\b(?:list|all|every|each|both|compare|versus|vs|than|difference|changed?|before and after"
    r"|how many|steps?|ingredients|alle|liste|beide|verglichen|wie viele)\b|\bor\b"
    r"|\b(?:what|which|who) (?:are|were|else|[a-z]+s (?:do|did|are|were|have|can))\b",
    re.IGNORECASE,
)
_DEGREE = re.compile(
    r"\b(?:first|last|most|least|only|main|major|minor|sole|final|second|third|fourth|fifth"
    r"|same|exact(?:ly)?|best|worst|highest|lowest|largest|smallest|oldest|newest|earliest|latest"
    r"|longest|shortest|greatest|biggest|youngest|primary|every|always|all|none)\b",
    re.IGNORECASE,
)
_EXCEPT = re.compile(
    r"\b(?:other than|besides|except|apart from|aside from|along with|instead of|outside|non)\b"
    r"|\bun(?:able|like|known|used|successful)\w*\b",
    re.IGNORECASE,
)
_OPPOSITES: Final = tuple(
    tuple(analyse(pair.replace("=", " ")))
    for pair in """increase=decrease rise=fall high=low higher=lower large=small big=small
    major=minor more=less most=least before=after early=late earlier=later first=last begin=end
    start=stop start=end allow=prohibit permit=forbid accept=reject include=exclude
    support=oppose win=lose gain=lose join=leave enter=leave new=old old=young strong=weak
    fast=slow long=short north=south east=west northern=southern eastern=western internal=external
    public=private simple=complex easy=hard hot=cold rich=poor positive=negative upper=lower
    maximum=minimum import=export buy=sell male=female catholic=protestant ancient=modern
    efficient=inefficient successful=unsuccessful able=unable equal=unequal direct=indirect
    dependent=independent possible=impossible legal=illegal connect=disconnect agree=disagree
    push=pull open=close add=remove create=destroy build=destroy attack=defend arrive=depart
    improve=worsen expand=shrink replace=keep deterministic=nondeterministic""".split()
)


def question_type(question: str) -> QuestionType:
    """What kind of answer is asked for; `other` where no pattern says."""
    return next((kind for kind, asks in _ASKS if asks.search(question)), "other")


def asks_several(question: str) -> bool:
    """Whether several things are asked for: a list, a count, a comparison, two questions."""
    return _SEVERAL.search(question) is not None or question.rstrip("?").count("?") > 0


def focus(question: str) -> frozenset[str]:
    """The terms of the noun right behind the question word: "Which *river* flows ...?"; or none."""
    match = _FOCUS.search(question)
    return frozenset(analyse(match.group(1))) if match else frozenset()


def typed_spans(kind: QuestionType, question: str, sentence: str) -> list[tuple[int, int]]:
    """Where spans of the type asked for stand in a sentence, unless the question has them too."""
    pattern = _SPANS.get(kind)
    if pattern is None:
        return []
    question_terms = set(analyse(question))
    return [
        match.span()
        for match in pattern.finditer(sentence)
        if kind == "why" or not question_terms.issuperset(analyse(match.group()))
    ]


def degrees(text: str) -> set[str]:
    """Superlatives, ordinals and quantifiers: "first", "only", "most"."""
    return {match.group().casefold() for match in _DEGREE.finditer(text)}


def excepts(question: str) -> bool:
    """Whether it asks for what is *not* among something: "other than", "besides"."""
    return _EXCEPT.search(question) is not None


def opposed(terms: set[str], other: set[str]) -> int:
    """How many of `terms` have their opposite in `other`, where they are not themselves."""
    pairs = [pair for pair in _OPPOSITES if len(pair) == 2]
    both = [*pairs, *((b, a) for a, b in pairs)]
    return sum(a in terms and a not in other and b in other and b not in terms for a, b in both)


def pair_share(terms: Sequence[str], other: Sequence[str], reach: int = 4) -> float:
    """Share of the neighbours in `terms` that stand near one another in `other`, too.

    Args:
        terms: of a question or a claim, in order.
        other: of the sentence that they are compared with, in order.
        reach: how many terms apart still is near.
    """
    places: dict[str, list[int]] = {}
    for place, term in enumerate(other):
        places.setdefault(term, []).append(place)
    pairs = list(pairwise(terms))
    near = [
        any(abs(i - j) <= reach for i in places.get(a, ()) for j in places.get(b, ()))
        for a, b in pairs
    ]
    return sum(near) / len(pairs) if pairs else float("nan")


def common_order(terms: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence of two lists of terms."""
    row = [0] * (len(other) + 1)
    for term in terms:
        diagonal = 0
        for place, other_term in enumerate(other, 1):
            above = row[place]
            row[place] = diagonal + 1 if term == other_term else max(above, row[place - 1])
            diagonal = above
    return row[-1]
