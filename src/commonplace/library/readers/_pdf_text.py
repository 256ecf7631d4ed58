"""What a PDF's characters say: display text with a map back to them, and how much is unreadable.

`display` is a function of one page's characters and boxes alone, so reading the page again gives
the same text. It joins lines, undoes hyphenation at line ends, expands ligatures, sets accents that
TeX drew beside their letters, drops control characters and collapses spaces. Old TeX fonts (OT1)
without a Unicode map are recognised by their ligatures and put right.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from commonplace.library.readers._pdf_raw import HYPHEN, RawPage

_LIGATURES: Final = {
    "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl",
    "\ufb05": "st", "\ufb06": "st",
}  # fmt: skip
_OT1: Final = {
    "\x0b": "ff", "\x0c": "fi", "\r": "fl", "\x0e": "ffi", "\x0f": "ffl", "\x10": "ı", "\x11": "ȷ",
    "\x19": "ß", "\x1a": "æ", "\x1b": "œ", "\x1c": "ø", "{": "–", "|": "—", "\\": "“", '"': "”",
}  # fmt: skip
_ACCENTS: Final = {
    "´": "\u0301", "`": "\u0300", "¨": "\u0308", "ˆ": "\u0302", "^": "\u0302", "˜": "\u0303",
    "¸": "\u0327", "ˇ": "\u030c", "˘": "\u0306", "˚": "\u030a", "¯": "\u0304",
}  # fmt: skip
_OT1_ACCENTS: Final = {
    "\x7f": "\u0308", "\x12": "\u0300", "\x13": "\u0301", "\x14": "\u030c", "\x15": "\u0306",
    "\x16": "\u0304", "\x17": "\u030a", "\x18": "\u0327",
}  # fmt: skip
_OLD: Final = frozenset([*_OT1, *_OT1_ACCENTS])
_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")  # two characters to PDFium, one sign
_OT1_SIGN: Final = re.compile(r"[a-z][\x0b\x0c\x0e\x0f][a-z]|\b[\x0b\x0c\x0e\x0f][a-z]{2}")
_DASHES: Final = "-\u2010\u00ad"
_COMPOUND: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)+")
_WORD: Final = re.compile(r"[^\W\d_]+")
_FIRST_PARTS: Final = frozenset(
    "self well end state two three four five one first second third semi quasi".split()
)  # in a compound these keep their hyphen; inside a word they are not broken off

# The commonest pairs of letters in English, German, French, Spanish, Italian and Dutch text.
_PAIRS: Final = frozenset(
    """
    th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io le ve co
    me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho pe ec pr no ct us
    ac ot il tr ly nc et ut ss so rs un lo wa ge ie wh ee wi em ad ol rt po we na ul ni ts mo ow pa
    im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev ld ry mp fe bl ab gh ty op wo sa ay ex ke
    fr oo av ag if ap gr od bo sp rd do uc bu ei ov by rm ep tt oc fa ef cu rn sc gi da yo cr cl du
    ga qu ue ff ba ey ls va um pp ua up lu go ht ru ug ds lt pi rc rr eg au ck ew mu br bi pt ak pu
    ui rg ib tl ny ki rk ys ob mm fu ph og ms ye ud mb ip ub oi rl gu dr hr cc tw ft wn nu af hu nn
    eo vo rv nf xp gn sm fl iz ok nl my gl aw ju oa eq sy sl ps jo lf nv je nk kn gs dy hy ze ks xt
    bs ik dd pt ja ws wr ij gt ze zu ei ku aa oe vr sz tz uf eu
    """.split()
)
_FEWEST_PAIRS: Final = 200  # with fewer letters a page's language cannot be judged
_KNOWN: Final = 0.7  # share of common pairs below which Latin letters are not language


@dataclass(frozen=True, slots=True)
class Shown:
    """Display text; character `i` of it was drawn by raw characters `starts[i]:ends[i]`."""

    text: str
    starts: list[int]
    ends: list[int]


def display(page: RawPage, breaks: frozenset[int], start: int, end: int) -> Shown:
    """Raw characters `start:end` of a page as text to be read; `breaks` are paragraphs' starts."""
    writer = _Writer()
    position, end = max(0, start), min(end, len(page.text))
    while position < end:
        position = _step(page, breaks, position, end, writer)
    return Shown("".join(writer.text), writer.starts, writer.ends)


def unreadable_share(page: RawPage) -> float:
    """Which share of the page's characters have no meaning, 0 to 1.

    Counts characters that no font maps to Unicode (U+FFFD, private, unassigned, control), and if
    the letters are Latin but their pairs are of no language, the letters as well.
    """
    text = _PAIR.sub("a", page.text)
    repaired = is_ot1(page.text)
    inked = [c for c in text if not c.isspace() and c != HYPHEN and not (repaired and c in _OLD)]
    if not inked:
        return 0.0
    meaningless = sum(map(_is_meaningless, inked)) / len(inked)
    return max(meaningless, wrong_letters(text))


def wrong_letters(text: str) -> float:
    """Share of letter pairs that no common language uses, where that is most of them; else 0."""
    pairs = [
        word[i : i + 2]
        for word in _WORD.findall(_without_accents(text).lower())
        if word.isascii() and len(word) < 30
        for i in range(len(word) - 1)
    ]
    if len(pairs) < _FEWEST_PAIRS:
        return 0.0
    known = sum(pair in _PAIRS for pair in pairs) / len(pairs)
    return 1.0 - known if known < _KNOWN else 0.0


def _is_meaningless(character: str) -> bool:
    return character == "\ufffd" or unicodedata.category(character) in {"Cc", "Co", "Cn", "Cs"}


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


@lru_cache(maxsize=64)
def is_ot1(text: str) -> bool:
    """Whether ligatures stand where old TeX fonts keep them, inside words that are else readable."""
    controls = sum(1 for c in text if c < " " and c not in "\r\n\x02\x0b\x0c\x0e\x0f")
    ligatures = len(_OT1_SIGN.findall(text))
    return ligatures >= 1 and controls < len(text) / 8 and not wrong_letters(text)


@lru_cache(maxsize=64)
def _compounds(text: str) -> frozenset[str]:
    """Hyphenated words that stand within a line of the page: they keep their hyphen at its end."""
    return frozenset(word.lower() for word in _COMPOUND.findall(text))


class _Writer:
    """Display text being written, with spaces held back until something follows them."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.space = ""

    @property
    def in_word(self) -> bool:
        """Whether what was written last is a letter, with no space after it."""
        return bool(self.text) and not self.space and self.text[-1].isalpha()

    def put(self, written: str, start: int, end: int) -> None:
        if self.text:
            for character in self.space:
                self._append(character, self.ends[-1], start)
        self.space = ""
        for character in written:
            self._append(character, start, end)

    def hold(self, space: str) -> None:
        if "\n" not in self.space:
            self.space = space

    def _append(self, character: str, start: int, end: int) -> None:
        self.text.append(character)
        self.starts.append(start)
        self.ends.append(end)


def _step(page: RawPage, breaks: frozenset[int], at: int, end: int, writer: _Writer) -> int:
    """Write what stands at `at`; return where the next thing begins."""
    character = page.text[at]
    if at in breaks:
        writer.hold("\n\n" if writer.text and writer.text[-1] in ".!?:;" else "\n")
    if "!" <= character <= "z" and character not in '^`"\\-':
        writer.put(character, at, at + 1)
        return at + 1
    if page.text.startswith("\r\n", at):
        writer.hold(" ")
        return at + 2
    if character == HYPHEN or (character in _DASHES and page.text.startswith("\r\n", at + 1)):
        return _write_hyphen(page.text, at, writer)
    if character.isspace() and not (character in _OT1 and is_ot1(page.text)):
        writer.hold(" ")
        return at + 1
    return _write_special(page, at, end, writer)


def _write_hyphen(text: str, at: int, writer: _Writer) -> int:
    """A hyphen at a line's end: gone where it only broke a word, kept where it joins two."""
    after = at + 1 + 2 * text.startswith("\r\n", at + 1)
    before_word, after_word = _word_before(text, at), _word_after(text, after)
    if not before_word or not after_word or _is_compound(text, before_word, after_word):
        writer.put("-", at, at + 1)
        if not before_word:
            writer.hold(" ")
    return after


def _is_compound(text: str, before: str, after: str) -> bool:
    last = before.rpartition("-")[2]
    if "-" in before or not last.isalpha() or last.lower() in _FIRST_PARTS:
        return True
    if after[0].isupper() != last[-1].isupper() or not after[0].isalpha():
        return True
    return f"{last}-{_WORD.match(after)[0] if _WORD.match(after) else ''}".lower() in _compounds(text)


def _word_before(text: str, at: int) -> str:
    """Letters, digits and hyphens that end at `at`."""
    start = at
    while start and at - start < 40 and (text[start - 1].isalnum() or text[start - 1] == "-"):
        start -= 1
    return text[start:at].strip("-")


def _word_after(text: str, at: int) -> str:
    end = at
    while end < len(text) and end - at < 40 and text[end].isalnum():
        end += 1
    return text[at:end]


def _write_special(page: RawPage, at: int, end: int, writer: _Writer) -> int:
    """Ligatures, accents, surrogate pairs, symbols; characters without meaning are dropped."""
    character, old_tex = page.text[at], is_ot1(page.text)
    accent = _ACCENTS.get(character) or (_OT1_ACCENTS.get(character) if old_tex else None)
    if accent and (base := _base_letter(page, at, end, accent)):
        if _touches_last(page, writer, base):
            writer.space = ""
        letter = unicodedata.normalize("NFC", _dotted(page.text[base]) + accent)
        writer.put(letter, at, base + 1)
        return base + 1
    if old_tex and character in _OT1 and (character < "\x10" or character > "\x1f" or writer.in_word):
        writer.put(_OT1[character], at, at + 1)
    elif character in _LIGATURES:
        writer.put(_LIGATURES[character], at, at + 1)
    elif "\ud800" <= character <= "\udbff" and "\udc00" <= page.text[at + 1 : at + 2] <= "\udfff":
        pair = (character + page.text[at + 1]).encode("utf-16", "surrogatepass").decode("utf-16")
        writer.put(pair, at, at + 2)
        return at + 2
    elif unicodedata.category(character) in {"Co", "Cn", "Cs"}:
        writer.put("\ufffd", at, at + 1)
    elif unicodedata.category(character) not in {"Cc", "Cf"}:
        writer.put(character, at, at + 1)
    return at + 1


def _dotted(letter: str) -> str:
    return {"ı": "i", "ȷ": "j", "\x10": "i", "\x11": "j"}.get(letter, letter)


def _base_letter(page: RawPage, at: int, end: int, accent: str) -> int | None:
    """Where the letter stands that the accent at `at` was drawn over; None if there is none."""
    base = at + 1
    while base < end and base - at < 3 and page.text[base] == " ":
        base += 1
    if base >= end:
        return None
    mark, letter = page.boxes[at], page.boxes[base]
    middle = (mark[0] + mark[2]) / 2
    composed = unicodedata.normalize("NFC", _dotted(page.text[base]) + accent)
    over = letter[0] - 1.0 <= middle <= letter[2] + 1.0
    return base if over and len(composed) == 1 and composed.isalpha() else None


def _touches_last(page: RawPage, writer: _Writer, base: int) -> bool:
    """Whether the letter at `base` continues the word that was written last."""
    if not writer.text or not writer.text[-1].isalpha():
        return False
    last, letter = page.boxes[writer.ends[-1] - 1], page.boxes[base]
    gap, width = letter[0] - last[2], max(1.0, letter[2] - letter[0])
    return -width < gap < 0.35 * width and abs(letter[1] - last[1]) < width


def lines_of(page: RawPage) -> Iterator[str]:
    """The page's lines as PDFium breaks them, for looking."""
    for stretch in page.stretches:
        yield page.text[stretch.start : stretch.end]
