"""The values that a statement gives: numbers with their units, times and dates; which are old.

    values("window of 3 May is MOVED to 10 May")
    # [Value("date", "-05-03", old=True, ...), Value("date", "-05-10", old=False, ...)]

A statement says of a value itself that it is old: "was 120", "28 instead of 26", "30 -> 35",
"(before 250)", struck out. That is better evidence than any date.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from commonplace.answers.evidence.units import STRUCK_OUT, Unit
from commonplace.answers.times.dates import dates
from commonplace.corpus import analyse

Kind = Literal["number", "time", "date"]

_TIME: Final = re.compile(
    r"(?<![\d:.,])(?P<hour>[01]?\d|2[0-4])(?::(?P<minute>[0-5]\d)(?!:?\d)|\s?(?:uhr|o'clock|h)\b)",
    re.IGNORECASE,
)
_NUMBER: Final = re.compile(
    r"(?P<currency>[€$£]|\b(?:eur|usd|chf|gbp)\b)?\s?(?<![\w.,])(?<!\w-)(?P<number>\d+(?:[.,'\u202f]\d+)*)"
    r"(?:st|nd|rd|th)?\s?(?P<unit>[€$£%]|°c|[^\W\d_]*(?:/[^\W\d_]+)?)",
    re.IGNORECASE,
)
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:[.,'\u202f]\d{3})+")
_CURRENCIES: Final = {"eur": "€", "euro": "€", "euros": "€", "usd": "$", "gbp": "£", "chf": "chf"}
_OLD_BEFORE: Final = re.compile(
    r"(?:\b(?:was|were|previously|formerly|so far|instead of|rather than|used to be|planned for"
    r"|statt|anstatt|früher|vorher|bisher|war|waren|au lieu de|auparavant|c'était"
    r"|not(?: on)?(?: the)?|nicht(?: am| um)?)|[(;,.]\s*(?:before|avant)|\bold:?|\balt:?)"
    r"[\s:~*]*\Z",
    re.IGNORECASE,
)
_OLD_AFTER: Final = re.compile(
    r"[\s*~)]{0,3}(?:\u2192|-+>|=>|\u21d2|(?:(?:is|was|has been|wird|wurde|ist|est)\s+)?"
    r"(?:now\s+)?(?:moved|changed|postponed|put off|verschoben|verlegt|déplacé|reporté)\b)",
    re.IGNORECASE,
)
_MARKED_OLD: Final = re.compile(
    r"\((?:old|alt|obsolete|outdated|veraltet|ancien)\)|\b(?:superseded|obsolete|no longer (?:valid"
    r"|true|applies)|veraltet|überholt|nicht mehr gültig|gilt nicht mehr|périmé)\b",
    re.IGNORECASE,
)
_CHANGES: Final = re.compile(
    r"\b(?:now|new|moved|changed?|correction|edit|updated?|instead|no longer|any ?more|up to"
    r"|raised|lowered|from \S+(?: \S+){0,3} on|since|jetzt|nun|neu\w*|ab|seit|statt|korrektur"
    r"|verschoben|künftig|maintenant|désormais|nouve\w+)\b|\u2192|->|=>",
    re.IGNORECASE,
)
_FILLERS: Final = frozenset(
    analyse(
        "now only new up to approx about ca currently jetzt nun neu nur etwa aktuell the der die "
        "das den am um ab auf von für et le la les moved changed goes went comes is at"
    )
)
_REMEMBERED: Final = 4096  # texts, since each is compared with many
_NO_UNITS: Final = frozenset(
    "instead now until till and or to of on in at for from since before after was is are each than "
    "ab bis statt und oder von im am auf seit jetzt et ou de à le la per x".split()
)
_CLAUSE_END: Final = re.compile(r"[.,;!?\n](?:\s|$)|[()]")
_LABEL: Final = re.compile(r"[\s*_>+\-\u2022\d.)\[\]|~]*([^\W\d][^:=\d\n]{0,40}?)\s*(?::(?=\s)|=)")


@dataclass(frozen=True, slots=True)
class Value:
    """A value at characters `start:end` of a text.

    Attributes:
        normal: in one form, so that values can be compared.
        unit: of a number, the word or mark behind it, or the currency before it; or "".
        old: whether the text says that it holds no longer.
    """

    start: int
    end: int
    kind: Kind
    normal: str
    unit: str = ""
    old: bool = False


@lru_cache(_REMEMBERED)
def values(text: str) -> tuple[Value, ...]:
    """The values of a text, in order; none overlap. A year alone is no value."""
    spans = [(m.start, m.end) for m in dates(text)]
    result = [
        Value(m.start, m.end, "date", f"-{m.month:02}" + (f"-{m.day:02}" if m.day else ""))
        for m in dates(text)
        if m.month
    ]
    for match in _TIME.finditer(text):
        if _free(match, spans):
            spans.append(match.span())
            normal = f"{int(match['hour'])}:{match['minute'] or '00'}"
            result.append(Value(*match.span(), "time", normal))
    result += [_number(match) for match in _NUMBER.finditer(text) if _free(match, spans)]
    return tuple(_aged(text, value) for value in sorted(result, key=lambda value: value.start))


def is_marked_old(unit: Unit) -> bool:
    """Whether a unit says of itself that it is superseded, or is struck out."""
    rest = STRUCK_OUT.sub("", unit.text)
    return bool(_MARKED_OLD.search(unit.text)) or (rest != unit.text and not analyse(rest))


def says_change(text: str) -> bool:
    """Whether a text says that something changed: "now", "moved to", "from May on"."""
    return _CHANGES.search(text) is not None


def label(text: str) -> frozenset[str]:
    """The terms before the colon of a `name: value` line; none where it is no such line."""
    match = _LABEL.match(text)
    return frozenset(analyse(match[1])) if match else frozenset()


def key(text: str, value: Value) -> frozenset[str]:
    """The terms that stand before a value in its clause, which say what it is the value of."""
    start = 0
    for match in _CLAUSE_END.finditer(text[: value.start]):
        start = match.end()
    return _words(text[start : value.start])


def rivals(text: str, other: str, kinds: frozenset[Kind]) -> list[frozenset[str]]:
    """The words behind which two texts give different values of one kind, for each such pair.

    The words are what stands before both values in their clauses. A text that repeats a value of
    the other one is no rival of it.
    """
    own = [(value, key(text, value)) for value in values(text) if value.kind in kinds]
    theirs = [(v, key(other, v)) for v in values(other) if v.kind in kinds]
    holds = {(value.kind, value.normal) for value, _ in own if not value.old}
    if any((value.kind, value.normal) in holds for value, _ in theirs if not value.old):
        return []
    return [
        words & their_words
        for value, words in own
        for their_value, their_words in theirs
        if not value.old and alike(value, their_value)
    ]


def alike(value: Value, other: Value) -> bool:
    """Whether two values are of one kind, and not plainly of different units."""
    units = {value.unit.partition("/")[0], other.unit.partition("/")[0]} - {""}
    ends = {value.unit.rpartition("/")[2], other.unit.rpartition("/")[2]}
    return value.kind == other.kind and (len(units) < 2 or len(ends) == 1)


def _words(text: str) -> frozenset[str]:
    """The terms of a text that are no numbers, and not so common that they tell nothing."""
    terms = (term for term in analyse(text) if not any(c.isdigit() for c in term))
    return frozenset(terms) - _FILLERS


def _free(match: re.Match[str], spans: list[tuple[int, int]]) -> bool:
    return not any(a < match.end() and match.start() < b for a, b in spans)


def _number(match: re.Match[str]) -> Value:
    written = match["number"]
    if _THOUSANDS.fullmatch(written):
        digits = re.sub(r"\D", "", written)
    else:
        whole, _, fraction = written.replace(",", ".").partition(".")
        digits = ".".join(filter(None, (whole.lstrip("0") or "0", fraction.rstrip("0"))))
    unit = (match["currency"] or match["unit"] or "").lower()
    unit = "" if unit in _NO_UNITS else unit
    start = match.start("currency") if match["currency"] else match.start("number")
    end = match.end("unit") if match["unit"] else match.end("number")
    return Value(start, end, "number", digits, _CURRENCIES.get(unit, unit))


def _aged(text: str, value: Value) -> Value:
    """The value, old where the words around it say so."""
    before, after = text[max(0, value.start - 24) : value.start], text[value.end : value.end + 24]
    struck = any(m.start() < value.end and value.start < m.end() for m in STRUCK_OUT.finditer(text))
    old = struck or _OLD_BEFORE.search(before) or _OLD_AFTER.match(after)
    return replace(value, old=bool(old))
