"""Equations of Word (OMML) as a line of text: "F=0.6v²A", "(a+b)/(2c)", "√(x)".

ECMA-376 part 1, 22.1. Events come in, one line comes out; what has no rule of its own is read in
the order in which it stands.
"""

from collections.abc import Mapping
from typing import Final

from commonplace.corpus.readers._raised import grouped, power

_PARTS: Final = frozenset({"e", "sup", "sub", "num", "den", "deg", "lim", "fName", "mr"})


class Equation:
    """One equation, while its elements open and close."""

    def __init__(self) -> None:
        self._open: list[tuple[str, list[tuple[str, str]], dict[str, str]]] = []
        self.text = ""

    def start(self, name: str, value: str) -> None:
        """An element opens; `value` is its `val`."""
        if self._open and name in {"chr", "begChr", "endChr", "sepChr"}:
            self._open[-1][2][name] = value
            if len(self._open) > 1:
                self._open[-2][2].setdefault(name, value)  # it stands in the properties
        self._open.append((name, [], {}))

    def data(self, text: str) -> None:
        """Characters of `m:t`."""
        if self._open:
            self._open[-1][1].append(("", text))

    def end(self) -> None:
        """The innermost element closes."""
        name, children, characters = self._open.pop()
        text = _composed(name, children, characters)
        if self._open:
            self._open[-1][1].append((name if name in _PARTS else "", text))
        else:
            self.text = text


def _composed(name: str, children: list[tuple[str, str]], characters: Mapping[str, str]) -> str:
    parts: dict[str, str] = {}
    for part, text in children:
        parts[part] = parts.get(part, "") + text
    base, sup, sub = (parts.get(part, "") for part in ("e", "sup", "sub"))
    below = f"_{grouped(sub)}" if sub else ""
    above = power(sup) if sup else ""
    if name == "f":
        return f"{grouped(parts.get('num', ''))}/{grouped(parts.get('den', ''))}"
    if name in {"sSup", "sSub", "sSubSup"}:
        return f"{base}{below}{above}"
    if name == "sPre":
        return f"{below}{above}{base}"
    if name == "nary":
        return f"{characters.get('chr', '∫')}{below}{above} {base}"
    if name == "rad":
        return f"{_root(parts.get('deg', ''))}({base})"
    if name in {"d", "m", "mr", "eqArr"}:
        return _delimited(name, [text for part, text in children if part], characters)
    if name in {"limLow", "limUpp"}:
        return f"{base}_{grouped(parts.get('lim', ''))}"
    if name == "func":
        return f"{parts.get('fName', '')} {base}"
    return "".join(text for _, text in children)


def _root(degree: str) -> str:
    return {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree, f"{power(degree)}√")


def _delimited(name: str, cells: list[str], characters: Mapping[str, str]) -> str:
    if name == "m":
        return f"[{'; '.join(cells)}]"
    if name != "d":
        return (", " if name == "mr" else "; ").join(cells)
    inner = (characters.get("sepChr") or ", ").join(cells)
    return f"{characters.get('begChr', '(')}{inner}{characters.get('endChr', ')')}"
