r"""Org as it reads: keywords and properties are `key: value`, drawers and comments have no marks.

    plain(":PROPERTIES:\n:Supplier: Ried\n:END:")    # "Supplier: Ried\n"

What it gives is the source text that places count in (https://orgmode.org/worg/org-syntax.html).
Headings stay as they are, with their states TODO and DONE.
"""

import re
from typing import Final

_BLOCK: Final = re.compile(
    r"^[ \t]*#\+begin_(src|example|export|verse)\b.*?^[ \t]*#\+end_\1[^\n]*\n?", re.S | re.M | re.I
)
_SILENT: Final = re.compile(
    r"^[ \t]*(?::(?:PROPERTIES|LOGBOOK|END|[A-Z]+):[ \t]*|:(?:ID|CUSTOM_ID):.*|#(?:[ \t].*)?"
    r"|#\+(?:TITLE|OPTIONS|STARTUP|SETUPFILE|LANGUAGE|NAME|RESULTS|ATTR_\w+|HEADER|(?:BEGIN|END)_\w+)"
    r"(?:[:\[ \t].*)?|#\+\w+:[ \t]*)(?:\r\n?|\n|\Z)",
    re.M | re.I,
)
_FIELD: Final = re.compile(r"^[ \t]*(?:#\+(\w+)|:([\w-]+)):[ \t]+(?=\S)", re.M)


def plain(text: str) -> str:
    """The text of an Org file as it reads."""
    pieces: list[str] = []
    done = 0
    for match in _BLOCK.finditer(text):
        pieces += [_outside(text[done : match.start()]), match[0]]
        done = match.end()
    return "".join([*pieces, _outside(text[done:])])


def _outside(text: str) -> str:
    """What is no block of code."""
    return _FIELD.sub(lambda match: f"{match[1] or match[2]}: ", _SILENT.sub("", text))
