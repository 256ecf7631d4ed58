"""What every text reader shares: headings and blocks in reading order become drafts.

A reader finds `Heading`s and `Block`s; `Outline` keeps the heading path (levels may jump and come
in any order: a heading closes those of its own level and deeper), and joins and splits the blocks
of each section. It lives on across the cells of a notebook.

Notable: a heading is no passage, it stands in the path of the passages under it. But notes use
headings as notes ("## TODO: ask about rank"): a heading with nothing at all under it is kept as a
passage of its parent's section, so that nothing written is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from commonplace.corpus._types import Draft, TextLocator
from commonplace.corpus.text.split import Block, passages

LONGEST_HEADING = 200  # characters; what is longer was no heading


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its level (1 is the highest), its text as shown, and its place in the source."""

    level: int
    title: str
    start: int
    end: int


@dataclass(slots=True)
class Outline:
    """The heading path while reading on; `path` is what the next passage stands under."""

    stack: list[Heading] = field(default_factory=list)

    @property
    def path(self) -> tuple[str, ...]:
        """Titles from the highest heading down."""
        return tuple(heading.title for heading in self.stack)

    def drafts(
        self,
        text: str,
        parts: Sequence[Heading | Block],
        limit: int,
        part: str = "",
        continues: bool = False,
    ) -> list[Draft]:
        """Drafts of one source text, section by section; `continues`: another text follows it."""
        drafts: list[Draft] = []
        section: list[Block] = []
        for place, heading_or_block in enumerate(parts):
            if isinstance(heading_or_block, Block):
                section.append(heading_or_block)
                continue
            bare = _is_bare(heading_or_block, parts[place + 1 : place + 2], continues)
            parents = [heading for heading in self.stack if heading.level < heading_or_block.level]
            # Bare headings side by side share a section, so that they can share a passage.
            if not bare or parents != self.stack:
                drafts += self._section(text, section, limit, part)
                section = []
            self.stack = parents
            if bare:
                section.append(Block(heading_or_block.start, heading_or_block.end, "item"))
            else:
                self.stack = [*parents, heading_or_block]
        return drafts + self._section(text, section, limit, part)

    def _section(self, text: str, blocks: list[Block], limit: int, part: str) -> list[Draft]:
        path = self.path
        return [
            Draft(text[start:end], TextLocator(start, end, part), path)
            for start, end in passages(text, blocks, limit)
        ]


def _is_bare(heading: Heading, following: Sequence[Heading | Block], continues: bool) -> bool:
    """A heading with nothing under it, not even a lower heading."""
    if not heading.title:
        return False
    if not following:
        return not continues
    after = following[0]
    return isinstance(after, Heading) and after.level <= heading.level


def title_of(parts: Sequence[Heading | Block], otherwise: str) -> str:
    """The first heading of the highest level, else the first heading, else what is given."""
    headings = [part for part in parts if isinstance(part, Heading) and part.title]
    if not headings:
        return otherwise
    return min(headings, key=lambda heading: heading.level).title
