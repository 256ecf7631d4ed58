r"""The head of a note between `---` (YAML) or `+++` (TOML) lines: its title, its date, its fields.

The fields are evidence like the rest of the note: the lines from the first field to the last, word
for word, are passages of their own. Front matter is written by hand and by many programs, so what
YAML or TOML refuses is read line by line and stays in its passage; a notice names the lines that
are not `key: words` either. Values are read as plain strings (no dates, nothing constructed).

    front_matter("---\nkiln: Nabertherm\n---\nHeat slowly.").fields    # (4, 20)
"""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final, NamedTuple

import yaml

from commonplace.corpus._types import Draft
from commonplace.corpus.readers._outline import Outline
from commonplace.corpus.readers._tags import tags_of_field, unique
from commonplace.corpus.readers.dates import parse_date
from commonplace.corpus.text.split import Block, Span, lines, trimmed
from commonplace.corpus.text.words import words

_YAML = re.compile(
    r"\s*---[ \t]*(?:\r\n?|\n)(.*?)(?<=[\r\n])(?:---|\.\.\.)[ \t]*(?:\r\n?|\n|\Z)", re.S
)
_TOML = re.compile(r"\s*\+\+\+[ \t]*(?:\r\n?|\n)(.*?)(?<=[\r\n])\+\+\+[ \t]*(?:\r\n?|\n|\Z)", re.S)
_FIELD = re.compile(
    r"(?:^|(?<=\r))[ \t]*[\"']?([^\W\d][\w .()/&-]{0,40}?)[\"']?[ \t]*[:=][ \t]*([^\r\n]*)", re.M
)
_LONGEST: Final = 65_536  # characters; two rules a page apart are not front matter
_NOTHING: Final = frozenset(words("[] {} '' ~ null - | > |- >-") | {"", '""'})  # as values
_MOST_RUNS: Final = 5  # of lines that a notice names
_Loader = Callable[[str], object]
_DATES: Final = words(  # as the note-taking programs and site generators name them
    """updated lastmod last_modified last_modified_at modified date_modified last_update
    last_updated updated_at date created created_at date_created published publishdate pubdate
    pub_date date_published published_at publish_date year"""
)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the head of a note says.

    Attributes:
        end: where the body begins.
        title: of the field of that name, "" without one.
        written_at: the latest of its dates.
        fields: the characters from its first field with a value to its last, (0, 0) without one.
        title_only: whether no field but the title has a value.
        tags: of its fields of that meaning.
        notices: which lines could be read as text alone, in one sentence.
    """

    end: int = 0
    title: str = ""
    written_at: datetime | None = None
    fields: Span = (0, 0)
    title_only: bool = False
    tags: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def drafts(self, text: str, limit: int, part: str = "", alone: bool = False) -> list[Draft]:
        """The fields as passages of at most `limit` characters, cut between lines.

        A title without other fields gives none, since it stands above every passage of the note;
        `alone`: the note has no other passage.
        """
        start, end = self.fields
        if start == end or (self.title_only and not alone):
            return []
        return Outline().drafts(text, [Block(start, end, "table")], limit, part)


class _Field(NamedTuple):
    """A field, or lines that are none: characters `start:end`, from the line `line` on."""

    start: int
    end: int
    line: int
    key: str
    has_value: bool


def front_matter(text: str) -> FrontMatter:
    """Read the front matter of `text`; an empty one with `end` 0 if there is none."""
    head = text[:_LONGEST]
    for pattern, name, load in ((_YAML, "YAML", _loaded_yaml), (_TOML, "TOML", tomllib.loads)):
        if match := pattern.match(head):
            if match[1].strip() and not _looks_like_fields(match[1]):
                return FrontMatter()  # a page that begins with a rule
            return _read(text, match, name, load)
    return FrontMatter()


def _read(text: str, match: re.Match[str], name: str, load: _Loader) -> FrontMatter:
    body = match[1]
    values = _values(body, load)
    strings = {**_line_fields(body), **_strings(values)}
    fields = _fields(text, *match.span(1))
    valued = [field for field in fields if field.has_value]
    return FrontMatter(
        end=match.end(),
        title=" ".join(strings.get("title", "").split())[:300],
        written_at=_written(strings),
        fields=(valued[0].start, valued[-1].end) if valued else (0, 0),
        title_only=all(field.key == "title" for field in valued),
        tags=_tags({**_line_fields(body), **(values or {})}),
        notices=_notices(text, fields, name, load) if values is None else (),
    )


def _looks_like_fields(body: str) -> bool:
    """Whether the first line is a field, or most of those that are neither indented nor items."""
    rows = [line for line in body.splitlines() if line.strip() and line.lstrip()[0] != "#"]
    if not rows or _FIELD.match(rows[0]):
        return True
    rows = [line for line in rows if line[0] not in " \t-"]
    return 2 * sum(bool(_FIELD.match(line)) for line in rows) > len(rows)


def _fields(text: str, start: int, end: int) -> list[_Field]:
    """The fields in `start:end`, each with the lines that go on with it, in order."""
    first = _FIELD.search(text, start, end)
    margin = _indentation(first[0]) if first else 0
    groups: list[list[Span]] = []
    opened: list[int] = []
    for number, (begin, stop) in enumerate(lines(text, 0, end), start=1):
        line = text[begin:stop]
        if begin < start or not line.strip():
            continue
        starts = line.lstrip()[0] not in "-#]})" and _indentation(line) <= margin
        if starts or not groups:
            groups.append([])
            opened.append(number)
        groups[-1].append((begin, trimmed(text, begin, stop)[1]))
    return [_field(text, *group) for group in zip(groups, opened, strict=True)]


def _field(text: str, spans: Sequence[Span], line: int) -> _Field:
    rows = [text[start:end].strip() for start, end in spans]
    rows = [row for row in rows if not row.startswith("#")]
    matches = [_FIELD.match(row) for row in rows]
    values = [match[2] if match else row for match, row in zip(matches, rows, strict=True)]
    return _Field(
        start=spans[0][0],
        end=spans[-1][1],
        line=line,
        key=_key(matches[0][1]) if matches and matches[0] else "",
        has_value=any(value.strip() not in _NOTHING for value in values),
    )


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _notices(text: str, fields: Sequence[_Field], name: str, load: _Loader) -> tuple[str, ...]:
    """Which lines are neither in order by themselves nor a key with plain words."""
    numbers: list[int] = []
    for field in fields:
        piece = text[field.start : field.end]
        if not _is_plain(piece) and _values(piece, load) is None:
            count = len(lines(text, field.start, field.end))
            numbers += range(field.line, field.line + count)
    if not numbers:
        return ()
    which = f"{'line' if len(numbers) == 1 else 'lines'} {_ranges(numbers)}"
    return (f"{which} of the front matter could be read as text only, not as {name}",)


def _is_plain(piece: str) -> bool:
    """Whether this is one line, `key: words`: also what YAML refuses (`a: b: c`) is clear then."""
    match = _FIELD.fullmatch(piece)
    return bool(match and match[2][:1] not in set("[{\"'&*!|>"))


def _ranges(numbers: Sequence[int]) -> str:
    """`2-4, 7 and 9`: line numbers in ascending order, the first few runs of them."""
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])
    ]
    names = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs[:_MOST_RUNS]]
    if more := sum(map(len, runs[_MOST_RUNS:])):
        names.append(f"{more} more")
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _values(text: str, load: _Loader) -> dict[object, object] | None:
    """The fields as YAML or TOML has them, None where it refuses them."""
    try:
        loaded = load(text)
    except (yaml.YAMLError, RecursionError, ValueError):  # a TOMLDecodeError is a ValueError
        return None
    if loaded is None:  # remarks only
        return {}
    return loaded if isinstance(loaded, dict) else None


def _loaded_yaml(text: str) -> object:
    return yaml.load(text, Loader=yaml.BaseLoader)  # constructs strings, lists and maps alone


def _strings(values: dict[object, object] | None) -> dict[str, str]:
    simple = (str, int, float, datetime)
    return {
        _key(str(key)): str(value)
        for key, value in (values or {}).items()
        if isinstance(value, simple)
    }


def _tags(values: Mapping[Any, object]) -> tuple[str, ...]:
    return unique(
        [tag for key, value in values.items() for tag in tags_of_field(_key(str(key)), value)]
    )


def _line_fields(body: str) -> dict[str, str]:
    """`key: value` lines, for what YAML would not read; the first of a key counts."""
    fields: dict[str, str] = {}
    for key, value in _FIELD.findall(body):
        fields.setdefault(_key(key), value.rstrip().strip("\"'"))
    return fields


def _key(key: str) -> str:
    return key.strip().lower().replace("-", "_").replace(" ", "_")


def _written(fields: dict[str, str]) -> datetime | None:
    """The latest date among those given: a note that was updated says what was known then."""
    dates = [parse_date(fields[key]) for key in _DATES if key in fields]
    return max((date for date in dates if date), default=None)
