"""What the styles and symbol fonts of a Word document mean for its text."""

import re
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from commonplace.corpus.readers.office._docx_numbers import Numbering, attribute

_GREEK: Final = (
    "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", "αβχδεφγηιϕκλμνοπθρστυϖωξψζ",
)  # fmt: skip
_SYMBOL: Final = dict(zip(range(0x41, 0x5B), _GREEK[0], strict=True)) | dict(
    zip(range(0x61, 0x7B), _GREEK[1], strict=True)
) | {
    0xA3: "≤", 0xA5: "∞", 0xAB: "↔", 0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°",
    0xB1: "±", 0xB3: "≥", 0xB4: "×", 0xB5: "∝", 0xB6: "∂", 0xB7: "•", 0xB8: "÷", 0xB9: "≠",
    0xBA: "≡", 0xBB: "≈", 0xBC: "…", 0xC5: "⊕", 0xC7: "∩", 0xC8: "∪", 0xCE: "∈", 0xD1: "∇",
    0xD2: "®", 0xD3: "©", 0xD4: "™", 0xD5: "∏", 0xD6: "√", 0xD7: "⋅", 0xDB: "⇔", 0xDE: "⇒",
    0xE5: "∑", 0xF2: "∫",
}  # fmt: skip
_WINGDINGS: Final = {
    0x6F: "☐", 0x71: "☐", 0x72: "☐", 0xA8: "☐", 0xFE: "☑", 0xFD: "☒", 0x78: "☒", 0xFC: "✓",
    0xFB: "✗", 0x6C: "●", 0xA7: "▪", 0xE0: "→", 0xDF: "←", 0x4A: "☺", 0x4C: "☹", 0xD8: "➢",
}  # fmt: skip
_WINGDINGS_2: Final = {
    0x50: "✓", 0x4F: "✗", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA3: "☐", 0x2A: "☐",
}  # fmt: skip
_FONTS: Final = {"symbol": _SYMBOL, "wingdings": _WINGDINGS, "wingdings 2": _WINGDINGS_2}


def symbol(font: str, code: str) -> str:
    """The character that a symbol font shows for a code in hexadecimal; "" if it is not known."""
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    if 0xF000 <= number <= 0xF0FF:
        return _FONTS.get(font.lower(), {}).get(number - 0xF000, "")
    known = _FONTS.get(font.lower(), {}).get(number)
    return known or (chr(number) if 0x20 < number < 0xD800 else "")


@dataclass(slots=True)
class Styles:
    """Heading level by paragraph style, which styles are lists, and which raise or lower text."""

    levels: dict[str, int] = field(default_factory=dict)
    lists: frozenset[str] = frozenset()
    scripts: dict[str, str] = field(default_factory=dict)  # "superscript" or "subscript"
    numbering: Numbering = field(default_factory=Numbering)


def styles(root: etree._Element) -> Styles:
    """What styles.xml says."""
    levels: dict[str, int] = {}
    scripts: dict[str, str] = {}
    lists = set()
    for style in root.iter("{*}style"):
        identity = attribute(style, "styleId")
        for alignment in style.iter("{*}vertAlign"):
            scripts[identity] = attribute(alignment)
        names = [attribute(name).lower() for name in style.iterchildren("{*}name")]
        outline = [attribute(level) for level in style.iter("{*}outlineLvl")]
        name = names[0] if names else ""
        if match := re.fullmatch(r"heading (\d)", name):
            levels[identity] = int(match[1])
        elif outline and outline[0].isdecimal() and int(outline[0]) < 6:
            levels[identity] = int(outline[0]) + 1
        elif name == "title":
            levels[identity] = 1
        elif name.startswith("list ") and name != "list paragraph":
            lists.add(identity)
    return Styles(levels, frozenset(lists), scripts)
