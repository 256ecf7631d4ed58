"""What a PDF's characters say: display text with a map back to them, and how much is unreadable.

`display` is a function of one page's characters and boxes alone, so reading the page again gives
the same text. It joins lines, undoes hyphenation at line ends, expands ligatures, sets accents that
TeX drew beside their letters, drops control characters and collapses spaces. Old TeX fonts (OT1)
without a Unicode map are recognised by their ligatures and put right.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from commonplace.corpus.readers.pdf._mend import OLD_ACCENTS, Mends, mend
from commonplace.corpus.readers.pdf._raw import HYPHEN, RawPage
from commonplace.corpus.text.words import words

_LIGATURES: Final = {
    "\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl",
    "\ufb05": "st", "\ufb06": "st",
}  # fmt: skip
_OT1: Final = {
    "\x0b": "ff", "\x0c": "fi", "\r": "fl", "\x0e": "ffi", "\x0f": "ffl", "\x10": "ı", "\x11": "ȷ",
    "\x19": "ß", "\x1a": "æ", "\x1b": "œ", "\x1c": "ø", "{": "–", "|": "—", "\\": "“", '"': "”",
}  # fmt: skip
_OLD: Final = frozenset([*_OT1, *OLD_ACCENTS])
_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")  # two characters to PDFium, one sign
_OT1_SIGN: Final = re.compile(r"[a-z][\x0b\x0c\x0e\x0f][a-z]|\b[\x0b\x0c\x0e\x0f][a-z]{2}")
_DASHES: Final = "-\u2010\u00ad"
_COMPOUND: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)+")
_WORD: Final = re.compile(r"[^\W\d_]+")
_NO_SPACES: Final = re.compile(  # kana, Chinese characters, their punctuation, wide forms
    "[\u2e80-\u2fff\u3001-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uffef\U00020000-\U0003ffff]"
)
_FORMS: Final = re.compile("[\ufb1d-\ufdff\ufe70-\ufefc]")  # of Arabic and Hebrew letters
# In a compound these keep their hyphen; inside a word they are not broken off.
_FIRST_PARTS: Final = words(
    "self well end state two three four five one first second third semi quasi"
)

# The commonest pairs of letters in English, German, French, Spanish, Italian and Dutch text.
_PAIRS: Final = words(
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
    """
)
_FEWEST_PAIRS: Final = 200  # with fewer a page's language cannot be judged
_LEAST_COMMON: Final = 0.7  # share of common pairs below which Latin letters are not language


@dataclass(frozen=True, slots=True)
class DisplayText:
    """Display text; character `i` of it was drawn by raw characters `starts[i]:ends[i]`."""

    text: str
    starts: list[int]
    ends: list[int]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page with what its display depends on; all of it follows from the page alone."""

    raw: RawPage
    breaks: frozenset[int]  # raw characters that begin a paragraph or a row
    cells: frozenset[int]  # those that begin a further cell of a row
    mends: Mends
    old_tex: bool
    compounds: frozenset[str]  # hyphenated words within a line: they keep their hyphen at its end


def sheet(page: RawPage, breaks: frozenset[int], cells: frozenset[int] = frozenset()) -> Sheet:
    """A page made ready for `display`; `breaks` are the starts of its paragraphs and rows."""
    old_tex = is_ot1(page.text)
    compounds = frozenset(word.lower() for word in _COMPOUND.findall(page.text))
    return Sheet(page, breaks, cells, mend(page, old_tex), old_tex, compounds)


def display(page: Sheet, start: int, end: int) -> DisplayText:
    """Raw characters `start:end` of a page as text to be read."""
    writer = _Writer()
    position, end = max(0, start), min(end, len(page.raw.text))
    while position < end:
        position = _step(page, position, writer)
    return DisplayText("".join(writer.text), writer.starts, writer.ends)


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
    common = sum(pair in _PAIRS for pair in pairs) / len(pairs)
    return 1.0 - common if common < _LEAST_COMMON else 0.0


def _is_meaningless(character: str) -> bool:
    return character == "\ufffd" or unicodedata.category(character) in {"Cc", "Co", "Cn", "Cs"}


def _without_accents(text: str) -> str:
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def is_ot1(text: str) -> bool:
    """Whether ligatures stand where old TeX fonts keep them, inside words of a language."""
    controls = sum(1 for c in text if c < " " and c not in "\r\n\x02\x0b\x0c\x0e\x0f")
    ligatures = len(_OT1_SIGN.findall(text))
    return ligatures >= 1 and controls < len(text) / 8 and not wrong_letters(text)


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


def _step(page: Sheet, at: int, writer: _Writer) -> int:
    """Write what stands at `at`; return where the next thing begins."""
    text, character = page.raw.text, page.raw.text[at]
    if at in page.breaks:
        writer.hold("\n\n" if writer.text and writer.text[-1] in ".!?:;" else "\n")
    if at in page.mends.gaps:
        writer.hold(" ")
    if at in page.cells:
        writer.hold(" | ")
    if at in page.mends.dropped:
        return at + 1
    if at in page.mends.shown:
        writer.put(page.mends.shown[at], at, at + 1)
    elif "!" <= character <= "z" and character not in '"\\-':
        writer.put(character, at, at + 1)
    elif text.startswith("\r\n", at):
        writer.hold("" if _joins_lines(page, at, writer) else " ")
        return at + 2
    elif character == HYPHEN or (character in _DASHES and text.startswith("\r\n", at + 1)):
        return _write_hyphen(page, at, writer)
    elif character.isspace() and not (page.old_tex and character in _OT1):
        writer.hold(" ")
    else:
        return _write_special(page, at, writer)
    return at + 1


def _joins_lines(page: Sheet, at: int, writer: _Writer) -> bool:
    """Whether two lines are joined without a space: Chinese and Japanese have none."""
    after = page.raw.text[at + 2 : at + 3]
    before = writer.text[-1] if writer.text and not writer.space else ""
    return bool(_NO_SPACES.match(before) and _NO_SPACES.match(after))


def _write_hyphen(page: Sheet, at: int, writer: _Writer) -> int:
    """A hyphen at a line's end: gone where it only broke a word, kept where it joins two."""
    text = page.raw.text
    after = at + 1 + 2 * text.startswith("\r\n", at + 1)
    before_word, after_word = _word_before(text, at), _word_after(text, after)
    if not before_word or not after_word or _is_compound(page, before_word, after_word):
        writer.put("-", at, at + 1)
        if not before_word:
            writer.hold(" ")
    return after


def _is_compound(page: Sheet, before: str, after: str) -> bool:
    last = before.rpartition("-")[2]
    if "-" in before or not last.isalpha() or last.lower() in _FIRST_PARTS:
        return True
    if after[0].isupper() != last[-1].isupper() or not after[0].isalpha():
        return True
    first = _WORD.match(after)
    return f"{last}-{first[0] if first else ''}".lower() in page.compounds


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


def _write_special(page: Sheet, at: int, writer: _Writer) -> int:
    """Ligatures, surrogate pairs, symbols; characters without meaning are dropped."""
    character, follower = page.raw.text[at], page.raw.text[at + 1 : at + 2]
    if page.old_tex and character in _OT1:
        _write_old(page, at, writer)
    elif character in _LIGATURES:
        writer.put(_LIGATURES[character], at, at + 1)
    elif "\ud800" <= character <= "\udbff" and "\udc00" <= follower <= "\udfff":
        pair = (character + follower).encode("utf-16", "surrogatepass").decode("utf-16")
        writer.put(pair, at, at + 2)
        return at + 2
    elif _FORMS.match(character):
        writer.put(unicodedata.normalize("NFKC", character), at, at + 1)
    elif unicodedata.category(character) in {"Co", "Cn", "Cs"}:
        writer.put("\ufffd", at, at + 1)
    elif unicodedata.category(character) not in {"Cc", "Cf"}:
        writer.put(character, at, at + 1)
    return at + 1


def _write_old(page: Sheet, at: int, writer: _Writer) -> None:
    """A character of an old TeX font: a letter only inside a word, else of a font of symbols."""
    character, follower = page.raw.text[at], page.raw.text[at + 1 : at + 2]
    if character >= " " or writer.in_word or (character < "\x10" and follower.isalpha()):
        writer.put(_OT1[character], at, at + 1)
    elif character == "\x0f":
        writer.put("•", at, at + 1)
