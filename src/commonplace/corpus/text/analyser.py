"""The one text analyser: what a *term* is, everywhere in this program.

The store's BM25 column, queries, explanations and lexical coverage all call `analyse`, so a score
can be added up again term by term. Text is compared without regard to case, accents and
compatibility forms (Unicode NFKC); English stop words go; the rest is stemmed (Snowball English,
https://snowballstem.org/algorithms/english/stemmer.html).

Letters lose their marks (Łódź is `lodz`, Müller `muller`); `spellings` has what people write in
their place (`mueller`). A stop word in capitals among small letters is a name (IT, WHO, US)
and stays; an emoji is a term, whatever its colour; a raised digit is no part of the number before
it (350² is 350, 2).

An identifier or hyphenated word counts whole and in its parts: `getFileName`, `get_file_name` and
`get-file-name` all give `getfilenam get file name`, and *GPT-4* and *GPT4* meet in `gpt4`. Scripts
written without spaces give single characters and pairs (as Lucene's CJK analyser does).

    python -c "from commonplace.corpus.text.analyser import analyse; print(analyse('C++'))"
"""

import re
import threading
import unicodedata
from itertools import chain, pairwise
from typing import Final

import Stemmer

from commonplace.corpus.text.words import words

ANALYSER: Final = "commonplace-2"  # stored with each index; a change of any term changes it
LONGEST: Final = 64  # characters of a term; the rest of a longer one is cut off
_REMEMBERED: Final = 200_000  # distinct raw tokens kept analysed
_MOST_NAMES: Final = 2  # words in capitals of a query that may all be names
_MOST_PARTS: Final = 5  # a compound of more parts is not a name: it counts in its parts only

STOP_WORDS: Final = words(
    """
    a about am an and any are as at be been being but by can could did do does doing for from had
    has have having he her here hers him his how i if in into is it its itself me my no nor not of
    on or our ours she should so such than that the their theirs them then there these they this
    those to too us very was we were what when where which who whom why will with would you your
    yours eg ie etc
    aren couldn didn doesn don hadn hasn haven isn shouldn wasn weren won wouldn
    """
)

# Vowel signs and other marks that belong inside a word, which `\w` leaves out: combining accents,
# Hebrew, Arabic, the Indic blocks (without the danda), Thai to Myanmar, kana voicing.
_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u0900-\u0963\u0966-\u0dff\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc"
    "\u0ec8-\u0ece\u1031-\u103e\u17b4-\u17d3\u3099\u309a"
)
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)


def _token(word: str, flags: int = 0) -> re.Pattern[str]:
    """Words joined by hyphens, apostrophes or &, numbers with points (1,000), C++, C#, F#."""
    joint = rf"[-\u2010'\u2019]{word}+|(?<=[^\W\d_])&(?=[^\W\d_]){word}+"
    joined = rf"{word}+(?:{joint}|(?<=\d)(?:\.\d+|,\d{{3}}(?!\d)))*"
    return re.compile(rf"{joined}(?:(?<=\b[cC])\+\+|(?<=\b[cCfF])\#(?!\w))?", flags)


_ASCII_TOKEN = _token(r"\w", re.ASCII)  # half of all texts are ASCII, and this one is faster
_EMOJI: Final = "\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001f1e5\U0001f200-\U0001faff"
_FLAG: Final = "[\U0001f1e6-\U0001f1ff]{2}"
_WORDS: Final = _token(rf"[\w{_MARKS}]").pattern
_TOKEN = re.compile(f"{_WORDS}|{_FLAG}|[{_EMOJI}]")
_COLOURS = re.compile("[\U0001f3fb-\U0001f3ff]")  # of skin, behind an emoji
_SUPERSCRIPTS: Final = "\u2070\u00b9\u00b2\u00b3\u2074-\u2079"
_RAISED = re.compile(  # behind a number, or behind a word that is no unit
    rf"(?:(?<=[0-9])|(?<=[^\W\d_]{{3}}))(?<![{_SUPERSCRIPTS}])(?=[{_SUPERSCRIPTS}])"
)
_NUMBER = re.compile(r"[vV]?\d+(?:\.\d+|,\d{3})*")
_JOINT = re.compile(r"[-\u2010'\u2019_&]+")
_CONTRACTION = re.compile(r"['\u2019](?:s|t|d|m|ll|re|ve)$", re.IGNORECASE)  # it's, don't, I'd, ...
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_LETTERS: Final = str.maketrans(  # those that no decomposition takes apart
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "œ": "oe", "æ": "ae", "þ": "th", "ħ": "h"}
)
_TWO_WAYS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_SPELT_IN_TWO_WAYS = re.compile("[äöüøåÄÖÜØÅ]|[aouAOU]\u0308|[aA]\u030a")
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u064b-\u065f\u0670]")
_RUN = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]")

_stemmer = Stemmer.Stemmer("english", 0)  # not safe to share between threads: used under the lock
_lock = threading.Lock()


def analyse(text: str) -> list[str]:
    """The terms of `text` in order, repeats kept.

    A term is 1 to `LONGEST` characters and contains no white space. Any string is accepted.
    """
    if text.isascii():
        tokens = _ASCII_TOKEN.findall(text)
    else:
        apart = _COLOURS.sub("", _RAISED.sub(" ", text))
        tokens = _TOKEN.findall(unicodedata.normalize("NFKC", apart))
    if len(tokens) > _MOST_NAMES and text.isupper():  # all is in capitals: they name nothing
        tokens = [token.lower() for token in tokens]
    return list(chain.from_iterable(map(_memory.__getitem__, tokens)))


def spellings(text: str) -> list[str]:
    """Terms of the words of `text` that people spell in another way as well: Müller as Mueller.

    They stand behind the terms of `analyse` in an index and in a query, and nowhere else.
    """
    if not _SPELT_IN_TWO_WAYS.search(text):
        return []
    tokens = _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold())
    spelt = [token for token in tokens if _SPELT_IN_TWO_WAYS.search(token)]
    return [term for token in spelt for term in analyse(token.translate(_TWO_WAYS))]


class _Memory(dict[str, tuple[str, ...]]):
    """Terms by raw token: texts repeat their words, so most tokens are only looked up."""

    def __missing__(self, token: str) -> tuple[str, ...]:
        terms = tuple(term for word in _words(token) for term in _terms(word))
        if len(token) <= LONGEST:  # so the memory is bounded in bytes as well
            if len(self) >= _REMEMBERED:
                self.clear()
            self[token] = terms
        return terms


_memory = _Memory()


def _words(token: str) -> list[str]:
    """A raw token as words: the whole without its joints, then its parts if it has several."""
    pieces = [piece for piece in _JOINT.split(_CONTRACTION.sub("", token)) if piece]
    parts = [part for piece in pieces for part in _parts(piece)]
    is_name = 1 < len(parts) <= _MOST_PARTS and not all(map(_NUMBER.fullmatch, parts))
    return ["".join(parts), *parts] if is_name else parts


def _parts(piece: str) -> list[str]:
    """A number as it is (1,000 as 1000), a name in its humps."""
    if _NUMBER.fullmatch(piece):
        number = piece.replace(",", "")
        return [number.lstrip("vV") if "." in number else number]
    if "." in piece or "," in piece:  # p53.2: a word that ends in digits, then a number
        return [part for half in re.split("[.,]", piece) for part in _humps(half)]
    return _humps(piece)


def _humps(word: str) -> list[str]:
    """`HTMLParser` as HTML, Parser; but mRNA, LoRA and p53 stay whole."""
    if word.islower() or word.isupper() or not word.isascii():
        return [word]
    humps = _HUMP.findall(word)
    longest = max((len(hump) for hump in humps if not hump.isupper()), default=0)
    return humps if longest > 2 and min(map(len, humps)) > 1 else [word]


def _terms(word: str) -> list[str]:
    """Fold, drop stop words, stem; split the scripts that are written without spaces."""
    folded = word.casefold()
    if folded in STOP_WORDS and len(word) > 1 and word.isupper():
        return [folded]
    if not folded.isascii():
        folded = folded.translate(_LETTERS)
        folded = _ACCENTS.sub("", unicodedata.normalize("NFD", folded))
        folded = unicodedata.normalize("NFC", folded)
        if _UNSPACED_RUN.search(folded):
            return [term for run in _RUN.findall(folded) for term in _grams(run)]
    return _stem(folded)


def _stem(word: str) -> list[str]:
    """The stem as a list of one, or of none for a stop word."""
    if not word or word in STOP_WORDS:
        return []
    with _lock:
        stem: str = _stemmer.stemWord(word[:LONGEST])
    return [stem[:LONGEST] or word[:LONGEST]]


def _grams(run: str) -> list[str]:
    """Characters and pairs of characters of an unspaced run; any other run is one word."""
    if not _UNSPACED_RUN.match(run):
        return _stem(run)
    return [*run, *map("".join, pairwise(run))]
