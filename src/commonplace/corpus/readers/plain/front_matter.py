"""The head of a note between `---` (YAML) or `+++` (TOML) lines: its title and its date.

It is never indexed as text. Front matter is written by hand and by many programs, so what YAML
refuses is read line by line, for the two things that are wanted. Values are read as plain strings
(no YAML dates, no tags, nothing constructed).
"""

import re
import tomllib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import yaml

from commonplace.corpus.readers.dates import parse_date
from commonplace.corpus.text.words import words

_YAML = re.compile(
    r"\s*---[ \t]*(?:\r\n?|\n)(.*?)(?<=[\r\n])(?:---|\.\.\.)[ \t]*(?:\r\n?|\n|\Z)", re.S
)
_TOML = re.compile(r"\s*\+\+\+[ \t]*(?:\r\n?|\n)(.*?)(?<=[\r\n])\+\+\+[ \t]*(?:\r\n?|\n|\Z)", re.S)
_FIELD = re.compile(
    r"^[ \t]*[\"']?([A-Za-z_][\w .-]{0,40}?)[\"']?[ \t]*[:=][ \t]*(.*?)[ \t]*\r?$", re.M
)
_LONGEST: Final = 65_536  # characters; two rules a page apart are not front matter
_DATES: Final = words(  # as the note-taking programs and site generators name them
    """updated lastmod last_modified last_modified_at modified date_modified last_update
    last_updated updated_at date created created_at date_created published publishdate pubdate
    pub_date date_published published_at publish_date year"""
)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the head of a note says; `end` is where its body begins."""

    end: int = 0
    title: str = ""
    written_at: datetime | None = None


def front_matter(text: str) -> FrontMatter:
    """Read the front matter of `text`; an empty one with `end` 0 if there is none."""
    head = text[:_LONGEST]
    for pattern, reader in ((_YAML, _yaml_fields), (_TOML, _toml_fields)):
        if match := pattern.match(head):
            body = match[1]
            if body.strip() and not _looks_like_fields(body):
                return FrontMatter()  # a page that begins with a rule
            fields = {**_line_fields(body), **reader(body)}
            title = fields.get("title", "").strip()
            return FrontMatter(match.end(), " ".join(title.split())[:300], _written(fields))
    return FrontMatter()


def _looks_like_fields(body: str) -> bool:
    for line in body.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            return bool(_FIELD.match(line))
    return True


def _yaml_fields(body: str) -> dict[str, str]:
    try:
        loaded = yaml.load(body, Loader=yaml.BaseLoader)  # constructs strings, lists and maps alone
    except (yaml.YAMLError, RecursionError, ValueError):
        return {}
    return _strings(loaded)


def _toml_fields(body: str) -> dict[str, str]:
    try:
        return _strings(tomllib.loads(body))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError):
        return {}


def _strings(loaded: object) -> dict[str, str]:
    if not isinstance(loaded, dict):
        return {}
    simple = (str, int, float, datetime)
    return {
        _key(str(key)): str(value) for key, value in loaded.items() if isinstance(value, simple)
    }


def _line_fields(body: str) -> dict[str, str]:
    """`key: value` lines, for what YAML would not read; the first of a key counts."""
    fields: dict[str, str] = {}
    for key, value in _FIELD.findall(body):
        fields.setdefault(_key(key), value.strip("\"'"))
    return fields


def _key(key: str) -> str:
    return key.strip().lower().replace("-", "_").replace(" ", "_")


def _written(fields: dict[str, str]) -> datetime | None:
    """The latest date among those given: a note that was updated says what was known then."""
    dates = [parse_date(fields[key]) for key in _DATES if key in fields]
    return max((date for date in dates if date), default=None)
