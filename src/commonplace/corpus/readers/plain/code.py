"""Source code: a passage is a definition, its heading path the names around it.

Python is cut by its own parser (`ast`; nothing is ever run), other languages where a line without
indentation follows a blank line, which is how people lay out their files. A comment or decorator
stays with the definition under it, and a docstring with its function.
"""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Final

from commonplace.corpus._types import Document, Draft, Limits, TextLocator
from commonplace.corpus.readers.decode import decode_within
from commonplace.corpus.text.links import find_links
from commonplace.corpus.text.split import SHORT, TARGET, Span, lines, split_lines
from commonplace.corpus.text.words import words

_NAMED = re.compile(
    r"""(?:(?:pub(?:\([^)]*\))?|export|default|public|private|protected|internal|static|final
        |abstract|async|unsafe|extern|virtual|inline|const|sealed|partial|override|open|local
        |data|case|create|or|replace|temporary)\s+)*
    (?:function\*?|func|fn|fun|def|class|struct|interface|enum|trait|impl(?:<[^>]*>)?|type|module
        |mod|namespace|package|sub|proc|procedure|macro|object|protocol|extension|message|service
        |table|view|trigger|mutable\s+struct)\s+(?:\([^)]*\)\s*)?([A-Za-z_$][\w$.:!?]*)
    | (?:export\s+)?(?:const|let|var)\s+([A-Za-z_$][\w$]*)\s*=\s*(?:async\s*)?
        (?:\(|function|\w+\s*=>)
    | ([A-Za-z_.][\w.]*)\s*(?:<-|=)\s*function\b
    | (?:[\w:*&<>,\[\]~]+\s+)+[*&]*([A-Za-z_][\w:~]*)\s*\([^;]*$
    | ([A-Za-z_][\w-]*)\s*\(\)\s*\{""",
    re.VERBOSE | re.IGNORECASE,
)
_NOT_NAMES: Final = words("if for while switch return else catch do try with using")
_LONGEST_LINE: Final = 400  # a longer one is generated, and no definition begins there

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of code and the names it stands under."""

    start: int
    end: int
    names: tuple[str, ...]


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """One file of source code."""
    text, notices = decode_within(data, limits)
    drafts = drafts_of(text, limits, (path.stem,), python=path.suffix.lower() in (".py", ".pyi"))
    return Document(
        kind="code",
        title=path.name,
        sources={"": text},
        drafts=tuple(drafts),
        links=tuple(find_links(text)),
        notices=notices,
    )


def drafts_of(
    text: str, limits: Limits, heading: tuple[str, ...], part: str = "", python: bool = False
) -> list[Draft]:
    """Passages of one source text, under `heading`."""
    limit = limits.passage_characters
    pieces = _python_pieces(text, limit) if python else None
    if pieces is None:
        pieces = _plain_pieces(text)
    return [
        Draft(text[start:end], TextLocator(start, end, part), heading + piece.names)
        for piece in _gathered(text, pieces, limit)
        for start, end in _spans(text, piece, limit)
    ]


def _spans(text: str, piece: _Piece, limit: int) -> list[Span]:
    """The piece without blank lines around it, split where it is too long."""
    body = text[piece.start : piece.end]
    blank = len(body) - len(body.lstrip())
    start = piece.start + max(body.rfind("\n", 0, blank), body.rfind("\r", 0, blank)) + 1
    return split_lines(text, start, piece.start + len(body.rstrip()), limit)


def _gathered(text: str, pieces: Sequence[_Piece], limit: int) -> list[_Piece]:
    """Join neighbours that are too short to be found alone, under the names they share."""
    gathered: list[_Piece] = []
    for piece in pieces:
        if not text[piece.start : piece.end].strip():
            continue
        if gathered and _joins(gathered[-1], piece, limit):
            before = gathered.pop()
            piece = _Piece(before.start, piece.end, _shared(before.names, piece.names))
        gathered.append(piece)
    return gathered


def _joins(before: _Piece, after: _Piece, limit: int) -> bool:
    if after.end - before.start > limit:
        return False
    if not before.names and not after.names:
        return True
    short = max(before.end - before.start, after.end - after.start) < SHORT
    return short and after.end - before.start <= TARGET


def _shared(names: tuple[str, ...], other_names: tuple[str, ...]) -> tuple[str, ...]:
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(names, other_names, strict=False))
    return tuple(name for name, _ in pairs)


def _python_pieces(text: str, limit: int) -> list[_Piece] | None:
    """Pieces by the syntax tree; None if it is no Python that this Python can parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of strange escapes in the code that is read
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    starts = [span[0] for span in lines(text, 0, len(text))]
    starts.append(len(text))
    return list(_of_body(text, starts, tree.body, (0, len(text)), (), limit))


def _of_body(
    text: str,
    starts: list[int],
    body: Sequence[ast.stmt],
    span: Span,
    names: tuple[str, ...],
    limit: int,
) -> Iterator[_Piece]:
    """Definitions one by one, and what stands between them; long classes by their methods."""
    at = span[0]
    for node in body:
        if not isinstance(node, Definition):
            continue
        first, last = _lines_of(text, starts, node)
        start, end = max(starts[first], at), min(starts[min(last, len(starts) - 1)], span[1])
        if start > at:
            yield _Piece(at, start, names)
        inner = (*names, node.name)
        if isinstance(node, ast.ClassDef) and end - start > limit:
            yield from _of_body(text, starts, node.body, (start, end), inner, limit)
        elif end > start:
            yield _Piece(start, end, inner)
        at = max(at, end)
    if span[1] > at:
        yield _Piece(at, span[1], names)


def _lines_of(text: str, starts: list[int], node: Definition) -> tuple[int, int]:
    """First line (with decorators and the comment above) and the line after the last; from 0."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
    while first > 0 and text[starts[first - 1] : starts[first]].lstrip().startswith("#"):
        first -= 1
    return first, node.end_lineno or node.lineno


def _plain_pieces(text: str) -> list[_Piece]:
    """Pieces that begin with an unindented line after a blank one."""
    pieces: list[_Piece] = []
    names: tuple[str, ...] = ()
    start, after_blank = 0, True
    fresh = True  # nothing but comments so far in this piece
    for first, last in lines(text, 0, len(text)):
        line = text[first:last].rstrip()
        bare = bool(line) and line[0] not in " \t)]}" and not line.startswith("end")
        if bare and after_blank and first > start:
            pieces.append(_Piece(start, first, names))
            start, names, fresh = first, (), True
        if bare and fresh and not names:
            names = _name(line)
            fresh = bool(names) or line.startswith(("#", "//", "/*", "*", "--", "%", ";", "@"))
        after_blank = not line
    return [*pieces, _Piece(start, len(text), names)]


def _name(line: str) -> tuple[str, ...]:
    if len(line) > _LONGEST_LINE:
        return ()
    match = _NAMED.match(line)
    name = next((group for group in match.groups() if group), "") if match else ""
    return (name,) if name and name.lower() not in _NOT_NAMES else ()
