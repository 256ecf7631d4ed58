"""A text as the words that stand beside each other: in one form, with their places and frames.

Articles and adverbs go, so that a sentence without them has the same neighbours. A *frame* is two
words in a row right before, right behind or around a place.

    from commonplace.answers.placed import placed_texts
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby, pairwise
from typing import Final

from commonplace.answers.mismatch import numbers
from commonplace.corpus import analyse

Frame = tuple[str, str, str]  # behind, before or between, and its two words
_TOKEN = re.compile(
    r"n['\u2019]t\b|\d+(?:[.,:]\d+)*|[^\W\d_]\w*?(?=n['\u2019]t\b)"
    r"|\w+(?:[-\u2010]\w+)*|['\u2019]s\b|[.!?;:,()\u2013\u2014|\n]"
)
_IDLE: Final = frozenset(
    """the a an also however very both even just only too der die das den dem des ein eine einen
    einem einer auch sehr 's""".split()
)
_NOT: Final = frozenset(
    """not n't n\u2019t no never none nor neither without cannot hardly rarely seldom
    nicht kein keine keinen keinem keiner keines nie niemals ohne weder""".split()
)
_SAME: Final = {
    **dict.fromkeys("is are was were be been being has have had".split(), "be"),
    **dict.fromkeys("that which who".split(), "that"),
}
_SPLIT_VERBS: Final = frozenset("do does did".split())  # "did not wait" is "waited", negated
PREPOSITIONS: Final = frozenset(
    """in on at of to from by with for about after before during since until into over under
    between among against through near behind as than like via per within across around
    von zu zum zur mit bei beim nach vor seit bis aus auf an am im durch gegen f\u00fcr \u00fcber
    unter""".split()
)
_NO_ADVERBS: Final = frozenset(
    "rely apply supply reply comply imply multiply fly family assembly ally monopoly".split()
)
_CONJUNCTIONS: Final = frozenset(("and", "or", "und", "oder"))
BREAK: Final = "."
_JOINS: Final = frozenset("():|")  # what is beside them belongs together, unlike at a comma


@dataclass(frozen=True, slots=True)
class Token:
    """One word in its compared form; `sort` is word, name, number, function, not or break."""

    form: str
    sort: str

    @property
    def is_content(self) -> bool:
        """Whether it says something by itself."""
        return self.sort in ("word", "name", "number")

    @property
    def is_special(self) -> bool:
        """Whether it is a name or a number."""
        return self.sort in ("name", "number")


@lru_cache(maxsize=8)
def placed_texts(*texts: str) -> tuple["PlacedText", ...]:
    """The texts in order; a word that is a name in one of them is a name in all."""
    names = frozenset().union(*map(_capitalised, texts))
    return tuple(PlacedText(tuple(_tokens(text, names))) for text in texts)


def _capitalised(text: str) -> frozenset[str]:
    """Words that are capitalised where no sentence opens: names wherever they stand."""
    inner = re.findall(r"(?<=[^.!?:\s|]\s)[\"'(\u201c\u2018]?([A-Z\u00c4\u00d6\u00dc]\w+)", text)
    return frozenset(inner)


def _tokens(text: str, names: frozenset[str]) -> Iterator[Token]:
    yield Token(BREAK, "break")
    previous_break = True
    for word in _TOKEN.findall(text + " ."):
        token = _token(word, names)
        if token is None or (token.sort == "break" and previous_break):
            continue
        previous_break = token.sort == "break"
        yield token


def _token(word: str, names: frozenset[str]) -> Token | None:
    lower = word.casefold()
    if lower in _NOT:
        return Token("not", "not")
    if lower in _IDLE or lower in _SPLIT_VERBS or _is_adverb(word, names):
        return None
    if word in _JOINS:
        return Token(word, "function")
    if not word[0].isalnum():
        return Token(BREAK, "break") if len(word) == 1 else None
    if amounts := numbers(word):
        return Token(" ".join(sorted(amounts)), "number")
    terms = analyse(word)
    if not terms or lower in PREPOSITIONS:
        return Token(_SAME.get(lower, lower), "function")
    return Token(terms[0], "name" if word in names else "word")


def _is_adverb(word: str, names: frozenset[str]) -> bool:
    return word.endswith("ly") and word not in names and word not in _NO_ADVERBS


@dataclass(frozen=True)
class PlacedText:
    """A text's tokens, and where each form stands."""

    tokens: tuple[Token, ...]

    @cached_property
    def places(self) -> Mapping[str, list[int]]:
        """Where each form stands."""
        places: dict[str, list[int]] = defaultdict(list)
        for at, token in enumerate(self.tokens):
            places[token.form].append(at)
        return dict(places)

    def form(self, at: int) -> str:
        """The form at a place; a break beyond the ends."""
        return self.tokens[at].form if 0 <= at < len(self.tokens) else BREAK

    def content(self, at: int, step: int) -> str:
        """The nearest content word on one side, or the break that comes first."""
        at += step
        while 0 <= at < len(self.tokens):
            if self.tokens[at].is_content or self.tokens[at].sort == "break":
                return self.tokens[at].form
            at += step
        return BREAK

    @cached_property
    def fillers(self) -> Mapping[Frame, set[Token]]:
        """What stands in each frame of two words: right behind, right before, or between them."""
        fillers: dict[Frame, set[Token]] = defaultdict(set)
        for at, token in enumerate(self.tokens):
            if token.is_content:
                for frame in self.frames(at):
                    fillers[frame].add(token)
        return dict(fillers)

    def frames(self, at: int) -> Iterator[Frame]:
        """The frames of a place, less those that many words fit: "in the _ of", "Anna is _"."""
        sides = (("behind", -2, -1), ("before", 1, 2), ("between", -1, 1))
        for side, one, other in sides:
            inside = [self.tokens[at + k] for k in (one, other) if 0 <= at + k < len(self.tokens)]
            if len(inside) != 2 or (side == "behind" and inside[1].form == "be"):
                continue
            if any(token.is_content for token in inside):
                yield side, inside[0].form, inside[1].form

    @cached_property
    def neighbours(self) -> Mapping[tuple[str, str], set[bool]]:
        """Content words (and breaks) side by side, and whether a negator stands between them."""
        kept = [token for token in self.tokens if token.sort != "function"]
        pairs: dict[tuple[str, str], set[bool]] = defaultdict(set)
        last, negated = BREAK, False
        for token in kept:
            if token.sort == "not":
                negated = True
                continue
            pairs[last, token.form].add(negated)
            last, negated = token.form, False
        return dict(pairs)

    @cached_property
    def counted(self) -> frozenset[tuple[str, str]]:
        """Each number with the word right behind it."""
        pairs = pairwise(self.tokens)
        return frozenset((a.form, b.form) for a, b in pairs if a.sort == "number" and b.is_content)

    @cached_property
    def merged(self) -> "PlacedText":
        """The same with each run of names as one."""
        runs = groupby(self.tokens, key=lambda token: token.sort == "name")
        tokens = [
            token
            for is_name, run in runs
            for token in ([Token(" ".join(t.form for t in run), "name")] if is_name else run)
        ]
        return PlacedText(tuple(tokens))

    @cached_property
    def name_pairs(self) -> frozenset[tuple[str, str]]:
        """Two names in a row, or with one preposition between them."""
        t = self.tokens
        runs = [(a, b) for a, b in pairwise(t) if a.sort == b.sort == "name"]
        joined = [
            (a, c)
            for a, b, c in zip(t, t[1:], t[2:], strict=False)
            if a.sort == c.sort == "name" and b.form in PREPOSITIONS - {"by", "with"}
        ]
        return frozenset((a.form, b.form) for a, b in [*runs, *joined] if a.form != b.form)

    @cached_property
    def units(self) -> Sequence[Sequence[tuple[str, frozenset[str]]]]:
        """By clause its content words, a run of names as one, each with the small words before."""
        return [list(_units(clause)) for clause in self.clauses]

    @cached_property
    def triples(self) -> frozenset[tuple[str, str, str, bool]]:
        """Three units in a row, and whether "by" is before the third: a subject, a verb, and whom.

        A first or second unit behind a preposition is neither a subject nor a verb.
        """
        return frozenset(
            (a, verb, b, "by" in before_b)
            for units in self.units
            for (a, before_a), (verb, before), (b, before_b) in zip(
                units, units[1:], units[2:], strict=False
            )
            if not (before | before_a - {"by"}) & PREPOSITIONS
        )

    @cached_property
    def objects(self) -> frozenset[tuple[str, str, bool]]:
        """Two units in a row with nothing (False) or only "by" (True) between them."""
        return frozenset(
            (verb, b, bool(before))
            for units in self.units
            for (verb, _), (b, before) in pairwise(units)
            if before <= {"by"} and not numbers(b)
        )

    def listed(self, at: int) -> frozenset[str]:
        """What stands in one list with a place: with a comma or "and" between each two."""
        ends = []
        for step in (-2, 2):
            end = at
            while 0 <= end + step < len(self.tokens) and self._is_joint(end + step // 2):
                end += step
            ends.append(end)
        return frozenset(token.form for token in self.tokens[ends[0] : ends[1] + 1 : 2])

    def _is_joint(self, at: int) -> bool:
        return self.tokens[at].sort == "break" or self.tokens[at].form in _CONJUNCTIONS

    @cached_property
    def clauses(self) -> Sequence[Sequence[Token]]:
        """The tokens between each two breaks."""
        cuts = [at for at, token in enumerate(self.tokens) if token.sort == "break"]
        return [self.tokens[a + 1 : b] for a, b in pairwise([*cuts, len(self.tokens)])]


def _units(clause: Sequence[Token]) -> Iterator[tuple[str, frozenset[str]]]:
    """The content words of a clause, a run of names as one, each with the small words before it."""
    run: list[str] = []
    before: list[str] = []
    for token in clause:
        if token.sort == "name":
            run.append(token.form)
            continue
        if run:
            yield " ".join(run), frozenset(before)
            run, before = [], []
        if token.is_content:
            yield token.form, frozenset(before)
            before = []
        else:
            before.append(token.form)
    if run:
        yield " ".join(run), frozenset(before)
