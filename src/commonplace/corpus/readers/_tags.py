"""The tags that a note bears: in its front matter, behind `#` in its text, behind Org headings."""

import re
from typing import Final

from commonplace.corpus.text.words import words

_INLINE: Final = re.compile(r"(?<![\w/#&(\[\"'`=.-])#([^\W\d_][\w-]*(?:/[\w-]+)*)")
_CODE: Final = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`", re.DOTALL)
_ORG: Final = re.compile(r"^\*+[ \t].*?[ \t]+:([\w@#%:]+):[ \t]*$|^#\+FILETAGS:(.*)$", re.M | re.I)
_FIELDS: Final = words("tags tag keywords keyword categories category")
_MOST: Final = 100  # of one file


def tags_in(text: str, suffix: str) -> tuple[str, ...]:
    """The tags that stand in the text of a note, each once, without their marks."""
    if suffix == ".org":
        groups = (own or file for own, file in _ORG.findall(text))
        found = [tag for group in groups for tag in re.split(r"[:\s]+", group)]
    else:
        found = _INLINE.findall(_CODE.sub(" ", text))
    return unique(found)


def tags_of_field(key: str, value: object) -> list[str]:
    """The tags of a field of front matter: a list, or words between commas or spaces."""
    if key not in _FIELDS:
        return []
    if isinstance(value, list):
        return [str(each) for each in value if isinstance(each, str | int)]
    return re.split(r"\s*,\s*" if "," in str(value) else r"\s+", str(value).strip())


def unique(tags: list[str]) -> tuple[str, ...]:
    """Without `#` and repeats."""
    bare = (tag.strip().strip("#\"'[]").strip() for tag in tags)
    return tuple(dict.fromkeys(tag[:100] for tag in bare if tag))[:_MOST]
