"""The links of a PDF: what its annotations lead to, and the addresses that stand in its text."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from commonplace.corpus._types import Link
from commonplace.corpus.readers.pdf._annotations import Rectangle
from commonplace.corpus.readers.pdf._drafts import Page
from commonplace.corpus.readers.pdf._raw import Pdf
from commonplace.corpus.text.links import CONTEXT, find_links

_WEB = re.compile(r"(?:https?|ftp)://.|doi:", re.I)
_LONGEST_LABEL = 300  # characters; an annotation over more is laid over half a page
_MOST_LINKS = 1_000  # annotations of one page that are looked at


def links_of(pdf: Pdf, pages: Sequence[Page]) -> Iterator[Link]:
    """The addresses that link annotations lead to, and those that stand in the text."""
    for page in pages:
        annotated = set()
        last: tuple[str, Rectangle] | None = None
        for url, box in pdf.urls(page.raw.number)[:_MOST_LINKS]:
            if _WEB.match(url) and not (last and last[0] == url and _goes_on(last[1], box)):
                annotated.add(url)
                yield _annotated(page, url, box)
            last = url, box
        yield from (
            link for link in find_links(page.display_text.text) if link.url not in annotated
        )


def _goes_on(first: Rectangle, second: Rectangle) -> bool:
    """Whether a link that was broken at a line's end goes on here, or is drawn twice."""
    height = first[3] - first[1]
    return first == second or (second[0] < first[0] and 0 < first[1] - second[1] < 2 * height)


def _annotated(page: Page, url: str, box: Rectangle) -> Link:
    """A link annotation, labelled with the characters under it."""
    under = [
        index
        for line in page.lines
        if line.box[0] < box[2]
        and box[0] < line.box[2]
        and line.box[1] < box[3]
        and box[1] < line.box[3]
        for index in range(line.start, line.end)
        if _center_inside(page.raw.boxes[index], box)
    ]
    if not under or under[-1] - under[0] > _LONGEST_LABEL:
        return Link(url, "", "")
    start = bisect_left(page.display_text.starts, under[0])
    end = bisect_left(page.display_text.starts, under[-1] + 1)
    around = page.display_text.text[max(0, start - CONTEXT) : end + CONTEXT]
    return Link(url, " ".join(page.display_text.text[start:end].split()), " ".join(around.split()))


def _center_inside(inner: Rectangle, outer: Rectangle) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return inner[2] > inner[0] and outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]
