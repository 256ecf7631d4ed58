"""Markdown in all the dialects that notes are written in.

markdown-it-py finds the blocks and says on which lines each stands; a passage is the raw slice of
those lines, marks and mathematics included, so its place in the file is exact. Its inline parser is
not run: nothing here needs it, and the block parser alone reads about a megabyte a second.

Notable: lines that mean something to a site generator and nothing to a reader (`:label:`,
`{: .class}`, `::: {.note}`, `{% include %}`, `import X from`, a table of contents that links within
the page) are left out, and so is HTML without visible words. Displayed mathematics is a block of
its own, or a line of it beginning with `-` would be taken for a list.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token

from commonplace.corpus._types import Document, Limits
from commonplace.corpus.readers._outline import LONGEST_HEADING, Heading, Outline, title_of
from commonplace.corpus.readers._tags import tags_in, unique
from commonplace.corpus.readers.decode import decode_within
from commonplace.corpus.readers.plain.front_matter import front_matter
from commonplace.corpus.text.links import find_links
from commonplace.corpus.text.split import Block, BlockKind, Span, lines, trimmed
from commonplace.corpus.text.words import words

_NEWLINE = re.compile(r"\r\n?|\n")
_NOISE = re.compile(
    r"""[ \t>]*+(?:
        :(?:label|eqlabel|begin_tab|end_tab|width|height|bookmark)\w*:\S*
        | \{:[^}]*\} | \{%.*%\} | \{\{[<%].*[>%]\}\} | :{3,}.* | <!--.*?-->
        | \\(?:newpage|pagebreak)
        | (?:[-*+][ ])?(?:\[\[?_?TOC_?\]\]?|TOC) | [*_\#]{0,6}\s?table\sof\scontents:?[*_]*
        | import\s.+\sfrom\s+['"].*['"];? | export\s+(?:default|const)\s.*
        | (?:[-*+]|\d+[.)])[ \t]+\[[^\]]*\]\((?:\./)?\#[^)]*\)
        | !\[[^\]\s]*(?:\s\S+)?\]\([^)]*\)(?:\{[^}]*\})?
        | \[(?!\^)[^\]]+\]:[ \t]*<?(?:https?:|\#|/|\.)\S*(?:[ \t]+["'(].*)?
        | </?[a-zA-Z][^>]*/?>(?:\s*</?[a-zA-Z][^>]*/?>)*
    )[ \t]*(?:\r\n?|\n)?""",
    re.VERBOSE | re.IGNORECASE,
)
_TAGS = re.compile(
    r"<(script|style|svg)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)|</?[a-zA-Z][^<>]{0,2000}>",
    re.S | re.I,
)
_HEADING_HIDDEN = re.compile(
    r"<[^>]{0,300}>|:label:`[^`]*`|\{[#.:][^}]*\}|!\[[^\]]*\]\([^)]*\)|\[(?=\*\*)|(?<=\*\*)\](?!\()"
)
_HEADING_LINK = re.compile(r"\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_HEADING_MARKS = re.compile(r"[*`]+|(?<!\w)_+|_+(?!\w)")
_MATH: Final = (("$$", "$$"), ("\\[", "\\]"), ("\\begin{", "\\end{"))
_VERBATIM: Final = (*_MATH, ("{% highlight", "{% endhighlight"), ("{% raw", "{% endraw"))
_BOILERPLATE = re.compile(r"```\{\.python[^}]*\}\s*%load_ext d2lbook\.tab\s[^`]*```")
_LONGEST_MATH: Final = 8_000  # characters; a mark that is never closed costs no more than this


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """One Markdown file."""
    text, notices = decode_within(data, limits)
    head = front_matter(text)
    parts = parse(text, head.end)
    drafts = Outline().drafts(text, parts, limits.passage_characters)
    fields = head.drafts(text, limits.passage_characters, alone=not drafts)
    title = head.title or title_of(parts, path.stem)
    return Document(
        kind="markdown",
        title=title,
        sources={"": text},
        drafts=(*fields, *drafts),
        links=tuple(find_links(text)),
        written_at=head.written_at,
        notices=(*notices, *head.notices),
        tags=unique([*head.tags, *tags_in(text[head.end :], path.suffix)]),
    )


def parse(text: str, start: int = 0) -> list[Heading | Block]:
    """The headings and blocks of `text[start:]`, in order, with positions in `text`."""
    try:
        tokens = _PARSER.parse(text[start:])
    except RecursionError:  # nested beyond reason; its words still count
        return [Block(*trimmed(text, start, len(text)))]
    starts = [start, *(match.end() for match in _NEWLINE.finditer(text, start)), len(text)]
    parts: list[Heading | Block] = []
    done = 0
    for place, token in enumerate(tokens):
        # A leaf that begins before `done` lies inside of one that was taken.
        if token.map is None or token.type not in _LEAVES or token.map[0] < done:
            continue
        first, last = token.map
        parts += _left_over(text, starts, done, first)
        span = starts[first], starts[min(last, len(starts) - 1)]
        parts += _part(text, span, token, tokens[place + 1 : place + 2])
        done = last
    return parts + _left_over(text, starts, done, len(starts) - 1)


def _part(text: str, span: Span, token: Token, inner: Sequence[Token]) -> list[Heading | Block]:
    level = int(token.meta.get("lists", 0))
    if token.type == "heading_open" and token.level == 0:
        title = heading_text(inner[0].content) if inner else ""
        start, end = trimmed(text, *span)
        if len(title) <= LONGEST_HEADING:
            return [Heading(int(token.tag[1:]), title, start, end)] if end > start else []
    if token.type in ("fence", "code_block"):
        if _BOILERPLATE.fullmatch(text[slice(*span)].strip()):
            return []
        return _exact(text, span, "item" if level else "code", 2 * level + 1)
    if token.type == "table_open":
        return _exact(text, trimmed(text, *span), "table", 0)
    if token.type == "math_block":
        return _exact(text, trimmed(text, *span), "item" if level else "math", 2 * level + 1)
    if token.type == "html_block":
        return _visible(text, span)
    if token.type == "hr":
        return []
    # Twice the depth, so that the later paragraphs of an item are deeper than its first.
    kind: BlockKind = "item" if level else "prose"
    return list(_without_noise(text, span, kind, 2 * level + (not token.meta.get("first"))))


def _exact(text: str, span: Span, kind: BlockKind, level: int) -> list[Heading | Block]:
    """Whole lines, first indentation included, without blank lines around them."""
    start, end = span
    piece = text[start:end]
    end = start + len(piece.rstrip())
    blank = len(piece) - len(piece.lstrip())
    start += max(piece.rfind("\n", 0, blank), piece.rfind("\r", 0, blank)) + 1
    return [Block(start, end, kind, level)] if end > start else []


def _left_over(text: str, starts: list[int], first: int, last: int) -> list[Block]:
    """Lines that no token covers: link definitions, and what is nested too deeply to be parsed."""
    if first >= last:
        return []
    return _without_noise(text, (starts[first], starts[last]), "prose", 0)


def _without_noise(text: str, span: Span, kind: BlockKind, level: int) -> list[Block]:
    """The stretches between lines that are there for a site generator."""
    blocks: list[Block] = []
    start = span[0]
    for first, last in lines(text, *span):
        if _NOISE.fullmatch(text, first, last) or not text[first:last].strip(" \t\r\n>"):
            blocks += _prose(text, start, first, kind, level)
            start = last
    return blocks + _prose(text, start, span[1], kind, level)


def _prose(text: str, start: int, end: int, kind: BlockKind, level: int) -> list[Block]:
    start, end = trimmed(text, start, end)
    return [Block(start, end, kind, level)] if end > start else []


def _visible(text: str, span: Span) -> list[Heading | Block]:
    """HTML from its first visible word to its last; nothing if it shows none."""
    hidden = _TAGS.sub(lambda tag: " " * len(tag[0]), text[span[0] : span[1]])
    start, end = trimmed(hidden, 0, len(hidden))
    if not any(character.isalnum() for character in hidden[start:end]):
        return []
    return [Block(span[0] + start, span[0] + end)]


def heading_text(raw: str) -> str:
    """A heading as one reads it: without anchors, emphasis and link targets."""
    if len(raw) > 5 * LONGEST_HEADING:
        return raw  # too long to be one; and the patterns are not linear
    plain = _HEADING_HIDDEN.sub("", _HEADING_LINK.sub(r"\1", raw))
    return " ".join(_HEADING_MARKS.sub("", plain).split()).strip("# ")


def _verbatim(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A rule for markdown-it: displayed mathematics and Liquid code, from mark to closing mark."""
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    closer = next((close for open_, close in _VERBATIM if line.startswith(open_)), None)
    if closer is None or state.is_code_block(start):
        return False
    last = _closing_line(state, start, len(line), closer)
    if last is None or last >= end:
        return False
    if silent:
        return True
    state.line = last + 1
    token = state.push("fence" if line.startswith("{%") else "math_block", "", 0)
    token.map = [start, state.line]
    return True


def _closing_line(state: StateBlock, start: int, length: int, closer: str) -> int | None:
    """The line on which `closer` stands, if it comes soon."""
    after = state.eMarks[start] - length + 2  # beyond the opening mark
    place = state.src.find(closer, after, after + _LONGEST_MATH)
    return bisect_right(state.bMarks, place) - 1 if place >= 0 else None


def _mark_lists(tokens: list[Token]) -> None:
    """Note on each leaf how deep in lists it stands, and whether it is the first of its item."""
    depth, first = 0, False
    for token in tokens:
        if token.type == "list_item_open":
            depth, first = depth + 1, True
        elif token.type == "list_item_close":
            depth -= 1
        elif token.type in _LEAVES:
            token.meta = {"lists": depth, "first": first}
            first = False


class _BlockParser:
    """markdown-it with its block rules only, CommonMark and tables."""

    def __init__(self) -> None:
        self._parser = MarkdownIt("commonmark", {"maxNesting": 60}).enable("table")
        # A definition is a noise line to us, and the rule is quadratic on a page of them.
        self._parser.disable("reference")
        rules = self._parser.block.ruler
        stops = ["paragraph", "blockquote", "list"]
        rules.before("fence", "math_block", _verbatim, {"alt": stops})
        self._parser.core.ruler.enableOnly(["normalize", "block"])

    def parse(self, text: str) -> list[Token]:
        tokens = self._parser.parse(text)
        _mark_lists(tokens)
        return tokens


_LEAVES: Final = words(
    "heading_open paragraph_open fence code_block html_block table_open hr math_block"
)
_PARSER: Final = _BlockParser()
