"""What a query asks for beyond its words: phrases that must stand there, words that must not.

    query = parse_query('antique "model railway" -clock')
    query.text, query.phrases, query.excluded    # "antique model railway", (...), (...)

A minus counts at the beginning of a word only, and not before a number: "state-of-the-art" and "-5"
are words.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from commonplace.corpus import Passage, analyse, indexed_text

_QUOTED: Final = r"\"([^\"]+)\"|“([^”“]+)[”“]|„([^“”]+)[“”]|«\s*([^»]+?)\s*»|‹([^›]+)›"
_PART: Final = re.compile(rf"(?P<minus>(?<!\S)[-−])?(?:{_QUOTED})|(?<!\S)[-−](?P<word>[^\W\d_]\S*)")
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was taken apart.

    Attributes:
        text: the words that are looked for, those of phrases too.
        phrases: words that must stand one behind the other.
        excluded: phrases and words that must not stand there.
    """

    text: str
    phrases: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether it is words and nothing else."""
        return not self.phrases and not self.excluded

    def accepts(self, passage: Passage) -> bool:
        """Whether a passage holds all phrases, and nothing that is excluded."""
        text = indexed_text(passage.title, passage.heading, passage.text)
        held = f" {' '.join(_words(text))} "
        if not all(f" {' '.join(phrase)} " in held for phrase in self.phrases):
            return False
        terms = set(analyse(text))
        return not any(_holds(excluded, held, terms) for excluded in self.excluded)


def parse_query(query: str) -> Query:
    """Take a query apart."""
    phrases: list[tuple[str, ...]] = []
    excluded: list[str] = []

    def take(match: re.Match[str]) -> str:
        if word := match["word"]:
            excluded.append(word)
            return " "
        quoted = next(group for group in match.groups()[1:6] if group is not None)
        if match["minus"]:
            excluded.append(quoted)
            return " "
        phrases.append(_words(quoted))
        return f" {quoted} "

    text = " ".join(_PART.sub(take, query).split())
    return Query(text, tuple(filter(None, phrases)), tuple(excluded))


def _words(text: str) -> tuple[str, ...]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return tuple(_WORD.findall(folded))


def _holds(excluded: str, held: str, terms: set[str]) -> bool:
    """Whether a passage has a word in any of its forms, or the words of a phrase in order."""
    words = _words(excluded)
    if len(words) > 1:
        return f" {' '.join(words)} " in held
    own = analyse(excluded)
    return bool(own) and terms.issuperset(own)
