r"""LaTeX as it reads: accents, macros without arguments and marks resolved, comments left out.

    plain("Caf\\'e \\& bar % internal")    # "Café & bar "

What it gives is the source text that places count in. Formulas stay as they are written. It knows
the commands of LaTeX itself (Lamport 1994, appendix C) and no packages; what it does not know
stays.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

_VERBATIM: Final = re.compile(
    r"\\begin\{(verbatim|lstlisting|minted|Verbatim)\*?\}.*?\\end\{\1\*?\}|\\verb\*?(\W).*?\2", re.S
)
_COMMENT: Final = re.compile(r"(?<!\\)((?:\\\\)*)%[^\r\n]*")
_WHOLE_LINE: Final = re.compile(r"^[ \t]*%[^\r\n]*(?:\r\n?|\n)", re.M)
_MATH: Final = re.compile(r"(?<!\\)\$\$?[^$]*(?<!\\)\$\$?|\\\(.*?\\\)|\\\[.*?\\\]", re.S)
_MARKS: Final = {
    "'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "H": "\u030b", "c": "\u0327", "v": "\u030c", "u": "\u0306", "r": "\u030a",
    "k": "\u0328", "d": "\u0323", "b": "\u0331",
}  # fmt: skip
_ACCENT: Final = re.compile(
    r"\\(?:([\'`\"^~=.])[ \t]*|([Hcvurkdb])(?:[ \t]+|(?=\{)))"
    r"(?:\{(\\?[ij]|[^\W\d_]?)\}|(\\[ij](?![a-zA-Z])|[^\W\d_]))"
)
_SIGNS: Final = {
    "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł",
    "aa": "å", "AA": "Å", "dh": "ð", "DH": "Ð", "th": "þ", "TH": "Þ", "dj": "đ", "DJ": "Đ",
    "i": "ı", "S": "§", "P": "¶", "pounds": "£", "euro": "€", "texteuro": "€", "copyright": "©",
    "dots": "…", "ldots": "…", "textendash": "–", "textemdash": "—", "LaTeX": "LaTeX",
    "TeX": "TeX", "quad": " ", "qquad": " ", "textbackslash": "\\", "textdegree": "°",
    "hline": "", "toprule": "", "midrule": "", "bottomrule": "", "noindent": "", "centering": "",
    "par": "\n\n", "newline": "\n", "and": ", ", "item": "-",
}  # fmt: skip
_SIGN: Final = re.compile(
    rf"\\({'|'.join(sorted(_SIGNS, key=len, reverse=True))})(?![a-zA-Z@])(?:\{{\}}|[ \t]+)?"
)
_STYLES: Final = """emph textbf textit texttt textsc textsf textrm textsl textup textmd underline
    uline enquote mbox text url path caption textsuperscript textsubscript centerline author"""
_STYLED: Final = re.compile(
    rf"\\(?:{'|'.join(_STYLES.split())})\*?(?:\[[^\]]*\])?\{{((?:[^{{}}]|\{{[^{{}}]*\}})*)\}}"
)
_FRAMES: Final = re.compile(  # formulas keep theirs
    r"\\(?:begin|end)\{(?!equation|align|gather|multline|eqnarray|math|displaymath|cases|matrix)"
    r"[a-zA-Z]+\*?\}(?:\[[^\]]*\])*(?:\{[^{}]*\})*"
    r"|\\(?:documentclass|usepackage|bibliographystyle|bibliography|includegraphics|setlength)"
    r"(?:\[[^\]]*\])*\{[^{}]*\}(?:\{[^{}]*\})?"
    r"|\\(?:title|date)\{(?:[^{}]|\{[^{}]*\})*\}"  # they stand above every passage
    r"|\\(?:maketitle|tableofcontents|appendix|clearpage|newpage)(?![a-zA-Z])"
)
_FOOTNOTE: Final = re.compile(r"\\(?:footnote|footnotetext|thanks)\{((?:[^{}]|\{[^{}]*\})*)\}")
_POINTER: Final = re.compile(r"\\(?:label|index|vspace|hspace|input|include)\*?\{[^{}]*\}")
_REFERENCE: Final = re.compile(r"\\(?:eq|page|auto|c|C)?ref\{([^{}]*)\}")
_ESCAPED: Final = re.compile(r"\\([%&#$_{}])")
_MACRO: Final = re.compile(
    r"\\(?:(?:re)?newcommand|providecommand)\*?\{?\\([a-zA-Z]+)\}?\{((?:[^{}]|\{[^{}]*\})*)\}"
    r"|\\def\\([a-zA-Z]+)\{((?:[^{}]|\{[^{}]*\})*)\}"
)
_MOST_PASSES: Final = 4  # of commands within commands
_LONGEST_MACRO: Final = 500  # characters


def plain(text: str) -> str:
    """The text of a LaTeX file as it reads."""
    macros = {
        name or other: body if name else short
        for name, body, other, short in _MACRO.findall(text)
        if len(body or short) <= _LONGEST_MACRO
    }
    pieces: list[str] = []
    done = 0
    for match in _VERBATIM.finditer(text):
        pieces += [_outside(text[done : match.start()], macros), match[0]]
        done = match.end()
    return "".join([*pieces, _outside(text[done:], macros)])


def _outside(text: str, macros: Mapping[str, str]) -> str:
    """What is no listing."""
    text = _COMMENT.sub(r"\1", _WHOLE_LINE.sub("", text))
    text = _expanded(text, macros)
    pieces: list[str] = []
    done = 0
    for match in _MATH.finditer(text):
        pieces += [_words(text[done : match.start()]), match[0]]
        done = match.end()
    return "".join([*pieces, _words(text[done:])])


def _expanded(text: str, macros: Mapping[str, str]) -> str:
    if not macros:
        return text
    text = _MACRO.sub("", text)
    names = "|".join(sorted(map(re.escape, macros), key=len, reverse=True))
    use = re.compile(rf"\\({names})(?![a-zA-Z@])(?:\{{\}})?")
    return use.sub(lambda match: macros[match[1]], text)


def _words(text: str) -> str:
    text = _SIGN.sub(lambda match: _SIGNS[match[1]], _FRAMES.sub("", _ACCENT.sub(_accented, text)))
    for _ in range(_MOST_PASSES):
        before = text
        text = _STYLED.sub(r"\1", _FOOTNOTE.sub(r" (\1)", text))
        if text == before:
            break
    text = _REFERENCE.sub(r"\1", _POINTER.sub("", text))
    text = re.sub(r"(?<!\\)&", "|", re.sub(r"\\\\(?:\[[^\]]*\])?[ \t]*", "\n", text))
    text = _ESCAPED.sub(r"\1", text.replace("---", "—").replace("--", "–"))
    return text.replace("``", "“").replace("''", "”").replace("\\ ", " ").replace("~", " ")


def _accented(match: re.Match[str]) -> str:
    letter = (match[3] or match[4] or "").lstrip("\\")
    composed = unicodedata.normalize("NFC", letter + _MARKS[match[1] or match[2]])
    return composed if letter and len(composed) == 1 else match[0]
