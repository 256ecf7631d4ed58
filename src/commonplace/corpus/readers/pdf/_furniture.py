"""What stands on page after page and says nothing: running heads, feet, page numbers.

Only what repeats is left out: a line whose words are the same, or whose one number counts with the
page. "Invoice 40018" at the head of a page is text, since no page before or after it says so, and
its number counts no pages.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from commonplace.corpus.readers.pdf._layout import Line
from commonplace.corpus.readers.pdf._raw import RawPage

_MARGIN: Final = 0.12  # of the page's height, at its head and foot, where running heads stand
_EDGE: Final = 0.1  # of its width, where text along it stands
_FURTHEST: Final = 3  # lines from the first and the last that may be running heads
_NUMBER: Final = re.compile(r"\d+|(?<![^\W\d_])[ivxlc]{1,7}(?![^\W\d_])", re.I)
_BARE: Final = re.compile(r"\W*(?:(?:page|p|seite|s|pg|slide|folie|sheet|blatt)\b\W*)?#\W*", re.I)
_OF_ALL: Final = re.compile(r"#\s*(?:of|/|von|sur|de|out of)\s*#", re.I)
_ROMAN: Final = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_MOST_AHEAD: Final = 30  # pages that a number with words may be ahead: of a cover and a preface
_MOST_BARE: Final = 1_500  # the same for a number alone, as in a volume of a journal

Place = tuple[int, int]  # page, raw start of the line
_Numbers = tuple[int, ...]


def furniture(pages: Sequence[tuple[RawPage, Sequence[Line]]]) -> set[Place]:
    """Running heads, feet and page numbers: (page, raw start) of each line."""
    by_words: dict[str, dict[Place, _Numbers]] = defaultdict(dict)
    by_text: dict[str, set[Place]] = defaultdict(set)
    for page, lines in pages:
        for line in _marginal(page, lines):
            text = " ".join(line.text.split()).lower()
            by_text[text].add((page.number, line.start))
            numbers = tuple(_value(match[0]) for match in _NUMBER.finditer(text))
            by_words[_NUMBER.sub("#", text)][page.number, line.start] = numbers
    least = 2 if len(pages) < 5 else 3  # pages
    left_out = [places for places in by_text.values() if _pages(places) >= least]
    left_out += [_counting(words, places, least) for words, places in by_words.items()]
    return set[Place]().union(*left_out)


def _pages(places: set[Place]) -> int:
    return len({page for page, _ in places})


def _counting(words: str, places: Mapping[Place, _Numbers], least: int) -> set[Place]:
    """Those of lines with the same words of which one number counts with the page.

    The other numbers stay as they are: the whole in "3 of 14", the year in a running head.
    """
    bare = bool(_BARE.fullmatch(words) or _BARE.fullmatch(_OF_ALL.sub("#", words)))
    most = _MOST_BARE if bare else _MOST_AHEAD
    counting: set[Place] = set()
    for column in range(len(next(iter(places.values())))):
        series: dict[tuple[int, _Numbers], set[Place]] = defaultdict(set)
        for place, numbers in places.items():
            ahead = numbers[column] - place[0]
            others = numbers[:column] + numbers[column + 1 :]
            if abs(ahead) <= most and not (_is_year(numbers[column]) and ahead > _MOST_AHEAD):
                series[ahead, others].add(place)
        for (ahead, _), same in series.items():
            if _pages(same) >= least or (bare and ahead == 0):
                counting |= same
    return counting


def _is_year(number: int) -> bool:
    return 1900 <= number <= 2100


def _value(number: str) -> int:
    """The value of digits or of a Roman numeral."""
    if number.isdigit():
        return int(number[:9])
    values = [_ROMAN[letter] for letter in number.lower()]
    following = [*values[1:], 0]
    return sum(-v if v < after else v for v, after in zip(values, following, strict=True))


def _marginal(page: RawPage, lines: Sequence[Line]) -> list[Line]:
    """The lines at the page's head and foot, and those that run along its edges."""
    own = [line for line in lines if not line.apart]
    by_height = sorted((line for line in own if line.upright), key=lambda line: -line.box[3])
    outer = {line.start for line in [*by_height[:_FURTHEST], *by_height[-_FURTHEST:]]}
    low, high = page.height * _MARGIN, page.height * (1 - _MARGIN)
    return [
        line
        for line in own
        if (line.start in outer and (line.box[3] < low or line.box[1] > high))
        or (not line.upright and min(line.box[0], page.width - line.box[2]) < _EDGE * page.width)
    ]
