"""Pictures of a plan as SVG text: heat map, steps of demand and capacity, orders in time, a map.

Notable: a picture has no colours, only classes that a page styles, so that the same one serves the
report and the page, light and dark. Whatever a colour says is also written. Every function takes
plain data, returns a string, and escapes its texts.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape as xml_escape

from commonplace.capacity.plan.words import per_cent

_LABELS, _CELL, _ROW, _WIDTH = 112, 50, 24, 680  # widths of labels and cells, height of a row


@dataclass(frozen=True)
class Cell:
    """How full the binding resource of a site is in a month."""

    used: float  # load over capacity
    resource: str
    letter: str = ""  # that stands for the resource


@dataclass(frozen=True)
class Bar:
    """An order in time; months as numbers, `usable` is the first month of use."""

    label: str
    ordered: int
    usable: int
    need: int | None = None

    @property
    def late(self) -> bool:
        """Whether it can be used only after it is needed."""
        return self.need is not None and self.usable > self.need


@dataclass(frozen=True)
class Line:
    """A link of the map: how full it is, and whether it failed."""

    a: str
    z: str
    used: float
    lost: bool = False


def percent(used: float) -> str:
    """A share as text that fits a cell; 'none' where there is no capacity at all."""
    return "none" if math.isinf(used) else f"{per_cent(used)}%"


def escape(text: str) -> str:
    """Text for XML, without the characters that cannot be printed: XML cannot hold them."""
    printable = "".join(character for character in text if character.isprintable())
    return xml_escape(printable, {'"': "&quot;"})


def picture(width: float, height: float, title: str, parts: Iterator[str]) -> str:
    """An SVG that scales down to its place; its title is read to those who do not see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def heat_map(title: str, months: Sequence[str], rows: Mapping[str, Sequence[Cell]]) -> str:
    """Sites down, months across; each cell has the binding resource and how full it is."""
    width, height = _LABELS + _CELL * len(months) + 4, _ROW * (len(rows) + 1) + 4

    def parts() -> Iterator[str]:
        for column, month in enumerate(months):
            yield _text(_LABELS + _CELL * (column + 0.5), 16, month, "quiet middle")
        for row, (label, cells) in enumerate(rows.items(), start=1):
            yield _text(0, _ROW * row + 17, label, "")
            for column, cell in enumerate(cells):
                about = f"{label}, {months[column]}"
                yield _heat(_LABELS + _CELL * column, _ROW * row, about, cell)

    return picture(width, height, title, parts())


def _heat(x: float, y: float, about: str, cell: Cell) -> str:
    used = percent(cell.used)
    label = f"{cell.letter} {used}" if cell.letter else used
    return (
        f"<g><title>{escape(f'{about}: {cell.resource} {used}')}</title>"
        f"{_box(x, y, width=_CELL - 2, height=_ROW - 2, kind=_shade(cell.used))}"
        f"{_text(x + _CELL / 2 - 1, y + 15, label, 'small middle')}</g>"
    )


def _shade(used: float) -> str:
    """The class of a share: free, filling, near (nearly full), over."""
    if used > 1 + 1e-9:
        return "over"
    return "near" if used > 0.9 else "filling" if used > 0.6 else "free"


def steps(
    title: str, months: Sequence[str], load: Sequence[float], capacity: Sequence[float], unit: str
) -> str:
    """Demand against capacity, month by month; what exceeds the capacity has the class `over`."""
    top = max([*load, *capacity, 1e-9]) * 1.08  # 8 % of room above; 1e-9: all may be 0
    width, height, margin, bottom = 320.0, 150.0, 68.0, 22.0
    step = (width - margin - 6) / len(months)

    def x(column: float) -> float:
        return margin + step * column

    def y(value: float) -> float:
        return 8 + (height - bottom - 8) * (1 - value / top)

    def box(column: int, low: float, high: float, kind: str) -> str:
        # a pixel between columns
        return _box(x(column), y(high), width=step - 1, height=y(low) - y(high), kind=kind)

    def parts() -> Iterator[str]:
        for column, (need, there) in enumerate(zip(load, capacity, strict=True)):
            yield box(column, 0.0, min(need, there), "filling")
            if need > there:
                yield box(column, there, need, "over")
        outline = " ".join(
            f"{x(c):.1f},{y(v):.1f} {x(c + 1):.1f},{y(v):.1f}" for c, v in enumerate(capacity)
        )
        yield f'<polyline points="{outline}" class="capacity"/>'
        for value in (0.0, top / 1.08):
            yield _text(margin - 5, y(value) + 4, f"{value:,.0f}", "small quiet end")
        yield _text(margin - 5, y(top / 1.08) + 17, unit, "small quiet end")
        yield _text(margin, height - 6, months[0], "small quiet")
        if len(months) > 1:
            yield _text(x(len(months)), height - 6, months[-1], "small quiet end")

    return picture(width, height, title, parts())


def gantt(title: str, months: Sequence[str], bars: Sequence[Bar]) -> str:
    """Orders from the month of the order to the month of use; a late one has the class `over`."""
    first = min([1, *(bar.ordered for bar in bars)])
    last = max([len(months), *(bar.usable for bar in bars)])
    labels = 230.0
    step = (_WIDTH - labels) / (last - first + 1)
    height = _ROW * (len(bars) + 1) + 4

    def x(month: float) -> float:
        return labels + step * (month - first)

    def parts() -> Iterator[str]:
        for month in range(first, last + 1):
            label = months[month - 1] if 1 <= month <= len(months) else f"{month:+d}"
            yield _text(x(month + 0.5), 16, label, "small quiet middle")
        yield f'<line x1="{x(1):.1f}" x2="{x(1):.1f}" y1="20" y2="{height}" class="now"/>'
        for row, bar in enumerate(bars, start=1):
            yield _text(0, _ROW * row + 17, bar.label, "small")
            shade = "over" if bar.late or bar.ordered < 1 else "filling"
            width = x(bar.usable) - x(bar.ordered)
            yield _box(x(bar.ordered), _ROW * row + 5, width=width, height=14, kind=shade)
            yield _diamond(x(bar.usable), _ROW * row + 12, "usable")
            if bar.need is not None:
                yield _diamond(x(bar.need), _ROW * row + 12, "need")

    return picture(_WIDTH, height, title, parts())


def network_map(
    title: str, places: Mapping[str, tuple[float, float]], lines: Sequence[Line]
) -> str:
    """Sites and links: the width of a link is how full it is, one that failed is dashed."""
    size, edge = 460.0, 46.0

    def at(site: str) -> tuple[float, float]:
        x, y = places[site]
        return edge + (size - 2 * edge) * x, edge + (size - 2 * edge) * y

    def parts() -> Iterator[str]:
        for line in lines:
            (ax, ay), (zx, zy) = at(line.a), at(line.z)
            shade = "lost" if line.lost else "full" if line.used > 0.999 else "line"
            mark = "lost" if line.lost else percent(line.used)
            yield (
                f'<line x1="{ax:.1f}" y1="{ay:.1f}" x2="{zx:.1f}" y2="{zy:.1f}" class="{shade}" '
                f'stroke-width="{1 + 5 * min(line.used, 1.2):.1f}">'
                f"<title>{escape(f'{line.a} to {line.z}: {mark}')}</title></line>"
            )
            yield _text((ax + zx) / 2, (ay + zy) / 2 - 3, mark, "small quiet middle halo")
        for site in places:
            x, y = at(site)
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" class="site"/>'
            yield _text(x, y - 9, site, "middle halo")

    return picture(size, size, title, parts())


def on_a_circle(sites: Sequence[str]) -> dict[str, tuple[float, float]]:
    """A place for each site, in the unit square."""
    turn = [2 * math.pi * index / max(len(sites), 1) for index in range(len(sites))]
    return {
        site: (0.5 + 0.5 * math.sin(angle), 0.5 - 0.5 * math.cos(angle))
        for site, angle in zip(sites, turn, strict=True)
    }


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(text)}</text>'


def _box(x: float, y: float, *, width: float, height: float, kind: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
        f'height="{max(height, 0):.1f}" class="{kind}"/>'
    )


def _diamond(x: float, y: float, kind: str) -> str:
    points = f"{x:.1f},{y - 6:.1f} {x + 6:.1f},{y:.1f} {x:.1f},{y + 6:.1f} {x - 6:.1f},{y:.1f}"
    return f'<polygon points="{points}" class="{kind}"/>'
