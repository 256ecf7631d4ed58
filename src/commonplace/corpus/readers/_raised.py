"""Raised and lowered characters as plain text, never fused with the number or word before them.

Shared by the readers of HTML, EPUB and docx. A mark of a note stands apart in brackets ("350 [2]",
"January [1]"), since search takes "350²" for "3502". Powers, units and charges are written with
Unicode's raised digits ("10⁶", "m²", "Ca²⁺"), and ordinals stay as they are ("12th", "CO2").
"""

import re
from typing import Final

_SUPERSCRIPTS: Final = str.maketrans("0123456789+-\u2212=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_POWER: Final = re.compile(r"[-\u2212+]?\d{1,4}|\d?[-\u2212+]|n")
_MARK: Final = re.compile(r"\d{1,3}(?:\s?[,;\u2013-]\s?\d{1,3})*|[a-z]|[ivx]{1,5}")
_ORDINAL: Final = re.compile(r"st|nd|rd|th|er|[èe]re?|[èe]?me|e|[oa]s?|ste|de|\W+")
# What a number is raised from: a base, or a unit. Other words carry marks of notes.
_BASE: Final = re.compile(r"(?<![\d.,])(?:10|2|e)$|[)\]]$")
_UNIT: Final = re.compile(r"(?<![^\W\d_])(?:[^\W_a]?[^\W\d_]|min|sec|rad|mol)$")
_LONG_UNIT: Final = re.compile(r"[^\W\d_]{2}$")  # of which there are squares and cubes only
_REFERENCE: Final = re.compile(r"[\[(]?(?:\w{1,3}|[*†‡§¶]{1,3})[\])]?")
_NAMES: Final = {"TM": "™", "tm": "™", "SM": "℠", "(R)": "®"}


def raised(text: str, before: str) -> str:
    """What to write for `text` that stands raised behind `before`, the end of the line so far."""
    text = " ".join(text.split())
    if not text or text in _NAMES:
        return _NAMES.get(text, "")
    if not before or before[-1].isspace() or before[-1] in "[(":
        return text.translate(_SUPERSCRIPTS) if text.isdecimal() else text
    if _POWER.fullmatch(text) and (_is_base(before, text) or not text.isalnum()):
        return text.translate(_SUPERSCRIPTS)
    if _is_ordinal(text, before):
        return text
    if _MARK.fullmatch(text):
        return f"^{text}" if text.isalpha() and _BASE.search(before) else f" [{text}]"
    if _BASE.search(before) and not text.startswith(("[", "(")):
        return power(text)
    return f" {text}" if text.startswith(("[", "(")) or before[-1].isdecimal() else text


def mark(text: str, before: str) -> str:
    """The mark of a note, in brackets: "350 [2]"; a star or a dagger stays as it is."""
    inner = " ".join(text.split()).strip("[]()")
    shown = f"[{inner}]" if any(map(str.isalnum, inner)) else inner
    if before.endswith(("[", "(")):
        return inner
    return f" {shown}" if shown.startswith("[") and before[-1:].strip() else shown


def is_reference(text: str, before: str) -> bool:
    """Whether a link to a note is its mark ("dues<a>3</a>"), and not a word of the sentence."""
    return bool(before[-1:].strip() and _REFERENCE.fullmatch(text.strip()))


def lowered(text: str, before: str) -> str:
    """What to write for `text` that stands lowered: fused with a letter, apart from a digit."""
    text = " ".join(text.split())
    return f" [{text}]" if text and before[-1:].isdecimal() else text


def power(text: str) -> str:
    """An exponent of an equation: raised digits where Unicode has them, else behind a caret."""
    return text.translate(_SUPERSCRIPTS) if _POWER.fullmatch(text) else f"^{grouped(text)}"


def grouped(text: str) -> str:
    """A part of an equation, in parentheses if it is more than a number or a name."""
    return text if re.fullmatch(r"[\w.]*|\(.*\)", text) else f"({text})"


def _is_base(before: str, exponent: str) -> bool:
    if not _UNIT.search(before):
        return bool(_BASE.search(before))
    return exponent in {"2", "3", "n"} or not (_LONG_UNIT.search(before) and exponent.isalnum())


def _is_ordinal(text: str, before: str) -> bool:
    """Whether it is as in "12th", "XXe" or "Mme"; "a" behind a number is rather a note's mark."""
    if before[-1].isdecimal():
        return bool(_ORDINAL.fullmatch(text)) and text != "a"
    return text.isalpha() and (len(text) > 1 or text in "eoas")
