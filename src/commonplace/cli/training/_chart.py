"""Curves in a terminal, in braille, and as a picture without any library.

Notable: a character is two columns and four rows of dots, so a chart of 80 characters by six shows
160 by 24 points. Points are joined by straight lines.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import pairwise

# The bit of each dot in Unicode's braille, by row and column.
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_COLOURS = ("#1f5fa8", "#b4511f", "#4a7d2c")


@dataclass(frozen=True)
class Curve:
    """Points (x, y), x ascending."""

    points: tuple[tuple[float, float], ...]


def braille(curve: Curve, width: int, height: int) -> list[str]:
    """The curve in lines of `width` characters, its greatest and least value at the left."""
    cells = [[0] * width for _ in range(height)]
    for column, row in _dots(curve, width * 2 - 1, height * 4 - 1):
        cells[row // 4][column // 2] |= _DOTS[row % 4][column % 2]
    least, greatest = _range(y for _, y in curve.points)
    labels = {0: f"{greatest:.4g}", height - 1: f"{least:.4g}"}
    lines = [
        f"{labels.get(at, ''):>8} │{''.join(chr(0x2800 + cell) for cell in row)}"
        for at, row in enumerate(cells)
    ]
    first, last = curve.points[0][0], curve.points[-1][0]
    steps = f"{last:g}".rjust(width - len(f"{first:g}"))
    return [*lines, f"{'step':>8}  {first:g}{steps}"]


def svg(curves: Mapping[str, Curve], title: str) -> str:
    """The curves one below the other, each with its own scale."""
    plotted = {name: curve for name, curve in curves.items() if curve.points}
    width, height, margin, gap = 640, 150, 70, 50
    parts = [_text(margin, 24, title, 15)]
    for number, (name, curve) in enumerate(plotted.items()):
        top = 60 + number * (height + gap)
        dots = _scale(curve, width - margin - 20, height)
        line = " ".join(f"{margin + x:.1f},{top + y:.1f}" for x, y in dots)
        least, greatest = _range(y for _, y in curve.points)
        colour = _COLOURS[number % len(_COLOURS)]
        parts += [
            _text(margin, top - 8, name, 12),
            f'<rect x="{margin}" y="{top}" width="{width - margin - 20}" height="{height}" '
            'fill="none" stroke="#bbb"/>',
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>',
            _text(8, top + 10, f"{greatest:.4g}", 11),
            _text(8, top + height, f"{least:.4g}", 11),
            _text(width - 60, top + height + 16, f"step {curve.points[-1][0]:g}", 11),
        ]
    total_height = 60 + len(plotted) * (height + gap)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {total_height}">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="#fff"/>', *parts, "</svg>\n"])


def _dots(curve: Curve, width: int, height: int) -> Iterator[tuple[int, int]]:
    """The dots that the curve goes through, row 0 at the top."""
    scaled = _scale(curve, width, height)
    if len(scaled) == 1:
        yield round(scaled[0][0]), round(scaled[0][1])
    for (x, y), (u, v) in pairwise(scaled):
        pieces = max(1, round(max(abs(u - x), abs(v - y))))
        for piece in range(pieces + 1):
            part = piece / pieces
            yield round(x + part * (u - x)), round(y + part * (v - y))


def _scale(curve: Curve, width: float, height: float) -> list[tuple[float, float]]:
    """The points within a box, its origin at the upper left."""
    first, last = _range(x for x, _ in curve.points)
    least, greatest = _range(y for _, y in curve.points)
    across, up = (last - first) or 1.0, (greatest - least) or 1.0
    return [((x - first) / across * width, (greatest - y) / up * height) for x, y in curve.points]


def _range(values: Iterator[float]) -> tuple[float, float]:
    numbers = list(values)
    return min(numbers), max(numbers)


def _text(x: float, y: float, text: str, size: int) -> str:
    return (
        f'<text x="{x}" y="{y}" font-family="sans-serif" font-size="{size}" fill="#222">'
        f"{escape(text)}</text>"
    )
