"""Which encoding bytes are in that are neither marked nor UTF-8: named by the file, or told by it.

What a file says of itself decides (`charset=`, `coding:`, `inputenc`), if its bytes are that. Else
chardet's letter pairs rank the encodings (https://chardet.readthedocs.io, 0BSD): on 1,500 texts of
28 languages it was right for 93 %, charset-normalizer and cchardet for 55 %. Two things are added.
Bytes above 127 that stand alone amid ASCII letters are Latin, whatever the pairs say; and a reading
counts less if it has signs and capitals inside of words, as a wrong one has.
"""

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import chardet

_LATIN: Final = tuple(
    """cp1252 iso8859-15 cp1250 iso8859-2 cp1254 cp1257 iso8859-4 iso8859-16 mac-roman mac-latin2
    mac-turkish mac-iceland cp850 cp437 cp852 cp857 cp775 cp861 cp865 cp1258""".split()
)
_ASIAN: Final = ("cp932", "gb18030", "big5hkscs", "cp949", "euc_jis_2004")
_ALL: Final = (
    *_LATIN,
    *_ASIAN,
    *"""cp1251 koi8-r koi8-u iso8859-5 cp866 mac-cyrillic cp1253 iso8859-7 mac-greek cp737 cp1255
    iso8859-8 cp862 cp1256 iso8859-6 cp874""".split(),
)
_PRIOR: Final = {  # how much likelier to come across, where the letters hardly tell
    "cp1252": 1.3, "mac-roman": 1.12, "cp850": 1.08, "cp437": 1.05, "cp1254": 1.05, "cp1257": 1.05,
    "koi8-r": 1.05, "cp932": 1.1, "gb18030": 1.05,
}  # fmt: skip
_SUPERSET: Final = {  # https://encoding.spec.whatwg.org/#names-and-labels: as browsers read them
    "shift_jis": "cp932", "gb2312": "gb18030", "gbk": "gb18030", "euc_kr": "cp949",
    "big5": "big5hkscs", "iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254",
    "tis-620": "cp874",
}  # fmt: skip
_OTHER_NAMES: Final = {  # as LaTeX and old pages have them
    "ansinew": "cp1252", "applemac": "mac-roman", "macce": "mac-latin2", "x-sjis": "cp932",
    "x-gbk": "gb18030", "x-euc-jp": "euc_jp", "x-mac-roman": "mac-roman",
    "x-mac-cyrillic": "mac-cyrillic",
}  # fmt: skip
_SHOWN: Final = {
    "cp932": "Shift-JIS", "gb18030": "GB18030", "big5hkscs": "Big5", "cp950": "Big5",
    "cp949": "EUC-KR", "euc_jp": "EUC-JP", "euc_jis_2004": "EUC-JP", "koi8-r": "KOI8-R",
    "koi8-u": "KOI8-U", "iso2022_jp_ext": "ISO-2022-JP", "iso2022_kr": "ISO-2022-KR",
    "mac-roman": "Mac Roman", "mac-cyrillic": "Mac Cyrillic", "mac-greek": "Mac Greek",
    "mac-latin2": "Mac Central European", "mac-turkish": "Mac Turkish",
    "mac-iceland": "Mac Icelandic", "hz": "HZ", "cp874": "windows-874",
    "utf-16-le": "UTF-16 (little-endian)", "utf-16-be": "UTF-16 (big-endian)",
}  # fmt: skip
_STATED = re.compile(
    rb"""(?:(?:charset|encoding)\s*=\s*["']?|@charset\s+"|\bcoding\s*[:=]\s*)([\w.:-]{2,40})
    |\\usepackage\[([\w-]{2,20})\]\{inputenc\}|\\inputencoding\{([\w-]{2,20})\}""",
    re.VERBOSE | re.IGNORECASE,
)
_HEAD: Final = 4_096  # bytes in which a file names its encoding
_SAMPLE: Final = 65_536  # bytes of lines that are not ASCII; more letters tell no more
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_HIGH_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_LETTER = re.compile(rb"[A-Za-z]")
_HIGH = re.compile(r"[^\0-\x7f]")
_MOST_HIGH: Final = 2_000  # characters whose neighbours are looked at
_WEAK: Final = 0.2  # a score below it: perhaps a broken byte has ruled the right encoding out
_CLOSE: Final = 0.85  # of the best score: what comes so near may be the right one
_SEVEN_BIT: Final = (  # escapes of ISO 2022 (RFC 1468, RFC 1557), and HZ (RFC 1843)
    (re.compile(rb"\x1b\$[@AB]|\x1b\$\(D|\x1b\([IJ]"), "iso2022_jp_ext"),
    (re.compile(rb"\x1b\$\)C"), "iso2022_kr"),
    (re.compile(rb"(?<![\\~])~\{(?:[\x21-\x77][\x21-\x7e])+~\}"), "hz"),
)
_COMMON: Final = r"\t\n\f\r\x20-\x7e\xa0-\xbf\u2000-\u206f\u20a0-\u20bf\u2190-\u21ff"
_SCRIPTS: Final = tuple(
    re.compile(f"[{_COMMON}{letters}]")
    for letters in (
        r"\xc0-\u024f", r"\u0370-\u03ff\u1f00-\u1fff", r"\u0400-\u052f", r"\u0590-\u05ff",
        r"\u0600-\u06ff", r"\u0900-\u0eff", r"\u3000-\u312f\u3400-\u9fff\uff00-\uffef",
        r"\u1100-\u11ff\u3000-\u303f\u3130-\u318f\uac00-\ud7a3",
    )
)  # fmt: skip
_HAN: Final = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_COHERENT: Final = 0.95  # share of characters that one script and the common signs make up
_FEW: Final = 8  # characters beyond ASCII
_ASCII: Final = bytes(range(128))
_MARKED: Final = re.compile(r"[\u3001\u3002\u3040-\u30ff\uff0c\uff1f]")  # in each text of the kind
_LEAST_MARKED: Final = 0.03
_FEWEST_WIDE: Final = 4  # characters; fewer are in one script by chance


@dataclass(frozen=True, slots=True)
class Guess:
    """An encoding by Python's name for it, and whether another one comes near."""

    codec: str
    certain: bool


def shown(codec: str) -> str:
    """The name that people know an encoding by."""
    if codec.startswith("cp12"):
        return f"windows-{codec[2:]}"
    return _SHOWN.get(codec, codec.upper().replace("ISO8859", "ISO-8859"))


def stated(data: bytes) -> str | None:
    """The encoding that the file names near its beginning, if its bytes are in it.

    UTF-8 is none here: what is UTF-8 is told by its bytes.
    """
    for match in _STATED.finditer(data[:_HEAD]):
        name = next(filter(None, match.groups())).decode("ascii", "replace").lower()
        codec = known(name)
        if codec and _reads(data, codec):
            return codec
    return None


def known(name: str) -> str | None:
    """Python's name of a stated 8-bit or Asian encoding, the larger one that it belongs to."""
    try:
        codec = codecs.lookup(_OTHER_NAMES.get(name, name)).name
    except (LookupError, ValueError):
        return None
    codec = _SUPERSET.get(codec, codec)
    families = ("iso8859", "cp", "koi8", "mac", "gb", "big5", "euc", "hz", "iso2022")
    return codec if codec.startswith(families) else None


def seven_bit(data: bytes) -> str | None:
    """The encoding of ASCII bytes that stand for other characters by escapes, None for ASCII."""
    for pattern, codec in _SEVEN_BIT:
        if pattern.search(data) and _reads(data, codec):
            return codec
    return None


def wide(data: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: whose characters are those of one script.

    Without a zero byte it can be Chinese or Japanese only, since all others have spaces; and bytes
    of which many are zero and the others ASCII can be Latin letters only.
    """
    zeros = data.count(0)
    plain = 3 * zeros > len(data) and data.replace(b"\0", b"").isascii()
    for codec in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        width = int(codec[4:6]) // 8
        if (
            len(data) % width
            or len(data) < width * _FEWEST_WIDE
            or (width == 4 and 2 * zeros < len(data))
        ):
            continue
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        patterns = (_HAN,) if not zeros else _SCRIPTS[:1] if plain else _SCRIPTS
        sample = text[:_SAMPLE]
        least = _COHERENT * len(sample)
        if not zeros and len(_MARKED.findall(sample)) < _LEAST_MARKED * len(sample):
            continue
        if any(len(pattern.findall(sample)) >= least for pattern in patterns):
            return codec
    return None


def guess(data: bytes) -> Guess:
    """The 8-bit or Asian encoding that bytes are most likely in."""
    sample = _sample(data)
    if _is_latin(sample) and len(sample.translate(None, _ASCII)) < _FEW and _is_plain(sample):
        return Guess("cp1252", certain=True)  # too little to tell it from others that are rare
    ranked = sorted(_ranked(sample), reverse=True)
    if not ranked or ranked[0][0] < _WEAK:
        ranked = sorted([*ranked, *_mended(sample)], reverse=True)
    if not ranked:
        return Guess("cp1252", certain=False)
    score, codec = ranked[0]
    text = sample.decode(codec, "replace")
    near = (other for value, other in ranked[1:] if value >= _CLOSE * score)
    certain = all(sample.decode(other, "replace") == text for other in near)
    return Guess(codec, certain)


def _is_plain(sample: bytes) -> bool:
    """Whether bytes read well as windows-1252."""
    return _reads(sample, "cp1252") and not _oddness(sample.decode("cp1252"))


def _reads(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _sample(data: bytes) -> bytes:
    """The first lines that are not ASCII."""
    lines: list[bytes] = []
    room = _SAMPLE
    for match in _HIGH_LINE.finditer(data):
        lines.append(match[0][:room])
        room -= len(lines[-1])
        if room <= 0:
            break
    return b"\n".join(lines)


def _ranked(sample: bytes) -> Iterator[tuple[float, str]]:
    """Each encoding that the bytes can be in, with a score: chardet's, weighed."""
    candidates = _LATIN if _is_latin(sample) else _ALL
    for result in chardet.detect_all(
        sample,
        ignore_threshold=True,
        compat_names=False,
        include_encodings=candidates,
        max_bytes=2 * _SAMPLE,
    ):
        codec = result["encoding"]
        if codec and _reads(sample, codec):
            oddness = _oddness(sample.decode(codec))
            weight = _PRIOR.get(codec, 1.0) * max(0.05, 1 - 2 * oddness)
            yield result["confidence"] * weight, codec


def _mended(sample: bytes) -> Iterator[tuple[float, str]]:
    """Asian encodings, less the few bytes that are in none of their characters."""
    for codec in _ASIAN:
        mended = sample.decode(codec, "ignore").encode(codec, "ignore")
        if mended and 0 < len(sample) - len(mended) <= max(2, len(sample) // 50):
            yield from ((score, name) for score, name in _ranked(mended) if name == codec)


def _is_latin(sample: bytes) -> bool:
    """Whether bytes above 127 stand alone or in pairs amid many more ASCII letters."""
    runs = [len(run) for run in _HIGH_RUN.findall(sample)]
    high, long = sum(runs), sum(run for run in runs if run > 2)
    return long <= 0.15 * high and high <= 0.6 * (high + len(_LETTER.findall(sample)))


def _oddness(text: str) -> float:
    """The share of characters beyond ASCII that stand where no writing has them."""
    odd = count = 0.0
    for match in _HIGH.finditer(text):
        place = match.start()
        odd += _odd(match[0], text[place - 1 : place], text[place + 1 : place + 2])
        count += 1
        if count >= _MOST_HIGH:
            break
    return odd / max(1, count)


def _odd(character: str, before: str, after: str) -> float:
    """How odd it is between these two: a control, a sign or capital inside of a word."""
    category = unicodedata.category(character)
    inside = before.isalpha() and after.isalpha()
    if category[0] == "C" or character == "\u00a4":  # the currency sign that nobody writes
        return 2
    if category[0] in "SNP" and inside:
        return float(character not in "\u2019\u2018\u00b7\u2010\u2011\u2013\u2014\u2026")
    if category == "Lu" and before.islower():
        return 1
    if (character in "\u00ab\u201e\u00bf\u00a1" and before.isalpha()) or (
        character == "\u00bb" and after.isalpha()
    ):
        return 1
    return 0.5 * (category == "So")
