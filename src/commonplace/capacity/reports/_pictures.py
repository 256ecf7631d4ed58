"""Pictures of a plan as SVG text: heat map, steps of demand and capacity, orders in time, a map.

Notable: they hold no colours, only classes that a page styles, so one piece stands in the report
and in the page, light and dark; whatever a colour says is also written, so they read without it.
Every piece takes plain data, is a string, and escapes what it is given.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape as xml_escape

from commonplace.capacity.plan.words import per_cent

_LEFT, _CELL, _ROW, _WIDTH = 112, 50, 24, 680


@dataclass(frozen=True)
class Cell:
    """How full the binding resource of a site is in a month: load to capacity, and its name."""

    used: float
    resource: str
    letter: str = ""  # by which the cell names it


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
    """A link of the map: how full it is, and whether it is what failed."""

    a: str
    z: str
    used: float
    lost: bool = False


def percent(used: float) -> str:
    """A share in words that fit a cell; what has no capacity at all is 'none'."""
    return "none" if math.isinf(used) else f"{per_cent(used)}%"


def escape(text: str) -> str:
    """Text as XML holds it; what cannot be printed, XML cannot hold."""
    kept = "".join(character for character in text if character.isprintable())
    return xml_escape(kept, {'"': "&quot;"})


def picture(width: float, height: float, title: str, parts: Iterator[str]) -> str:
    """An SVG that scales down to its place and says what it shows to those who do not see it."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" '
        f'aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )


def heat_map(title: str, months: Sequence[str], rows: Mapping[str, Sequence[Cell]]) -> str:
    """Sites down, months across; each cell the binding resource and how full it is."""
    width, height = _LEFT + _CELL * len(months) + 4, _ROW * (len(rows) + 1) + 4

    def parts() -> Iterator[str]:
        for column, month in enumerate(months):
            yield _text(_LEFT + _CELL * (column + 0.5), 16, month, "quiet middle")
        for row, (label, cells) in enumerate(rows.items(), start=1):
            yield _text(0, _ROW * row + 17, label, "")
            for column, cell in enumerate(cells):
                yield _heat(_LEFT + _CELL * column, _ROW * row, label, months[column], cell)

    return picture(width, height, title, parts())


def _heat(x: float, y: float, label: str, month: str, cell: Cell) -> str:
    said = f"{label}, {month}: {cell.resource} {percent(cell.used)}"
    shown = f"{cell.letter} {percent(cell.used)}" if cell.letter else percent(cell.used)
    return (
        f"<g><title>{escape(said)}</title>"
        f"{_box(x, y, _CELL - 2, _ROW - 2, _shade(cell.used))}"
        f"{_text(x + _CELL / 2 - 1, y + 15, shown, 'small middle')}</g>"
    )


def _shade(used: float) -> str:
    """The class of a share: free, filling, nearly full, over."""
    if used > 1 + 1e-9:
        return "over"
    return "near" if used > 0.9 else "filling" if used > 0.6 else "free"


def steps(
    title: str, months: Sequence[str], load: Sequence[float], capacity: Sequence[float], unit: str
) -> str:
    """Demand against capacity, month by month: what is over is filled with the rubric's red."""
    top = max([*load, *capacity, 1e-9]) * 1.08
    width, height, left, bottom = 320.0, 150.0, 68.0, 22.0
    step = (width - left - 6) / len(months)

    def x(column: float) -> float:
        return left + step * column

    def y(value: float) -> float:
        return 8 + (height - bottom - 8) * (1 - value / top)

    def parts() -> Iterator[str]:
        for column, (need, there) in enumerate(zip(load, capacity, strict=True)):
            kept = min(need, there)
            yield _box(x(column), y(kept), step - 1, y(0) - y(kept), "filling")
            if need > there:
                yield _box(x(column), y(need), step - 1, y(there) - y(need), "over")
        outline = " ".join(
            f"{x(c):.1f},{y(v):.1f} {x(c + 1):.1f},{y(v):.1f}" for c, v in enumerate(capacity)
        )
        yield f'<polyline points="{outline}" class="capacity"/>'
        for value in (0.0, top / 1.08):
            yield _text(left - 5, y(value) + 4, f"{value:,.0f}", "small quiet end")
        yield _text(left - 5, y(top / 1.08) + 17, unit, "small quiet end")
        yield _text(left, height - 6, months[0], "small quiet")
        if len(months) > 1:
            yield _text(x(len(months)), height - 6, months[-1], "small quiet end")

    return picture(width, height, title, parts())


def gantt(title: str, months: Sequence[str], bars: Sequence[Bar]) -> str:
    """Orders in time: from the month of the order to the month of use; a late one is red."""
    first = min([1, *(bar.ordered for bar in bars)])
    last = max([len(months), *(bar.usable for bar in bars)])
    left = 230.0
    step = (_WIDTH - left) / (last - first + 1)
    height = _ROW * (len(bars) + 1) + 4

    def x(month: float) -> float:
        return left + step * (month - first)

    def parts() -> Iterator[str]:
        for month in range(first, last + 1):
            label = months[month - 1] if 1 <= month <= len(months) else f"{month:+d}"
            yield _text(x(month + 0.5), 16, label, "small quiet middle")
        yield f'<line x1="{x(1):.1f}" x2="{x(1):.1f}" y1="20" y2="{height}" class="now"/>'
        for row, bar in enumerate(bars, start=1):
            yield _text(0, _ROW * row + 17, bar.label, "small")
            shade = "over" if bar.late or bar.ordered < 1 else "filling"
            yield _box(x(bar.ordered), _ROW * row + 5, x(bar.usable) - x(bar.ordered), 14, shade)
            yield _diamond(x(bar.usable), _ROW * row + 12, "usable")
            if bar.need is not None:
                yield _diamond(x(bar.need), _ROW * row + 12, "need")

    return picture(_WIDTH, height, title, parts())


def network_map(
    title: str, places: Mapping[str, tuple[float, float]], lines: Sequence[Line]
) -> str:
    """Sites and links; a link's width is how full it is, what failed is dashed."""
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


def _box(x: float, y: float, width: float, height: float, kind: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
        f'height="{max(height, 0):.1f}" class="{kind}"/>'
    )


def _diamond(x: float, y: float, kind: str) -> str:
    points = f"{x:.1f},{y - 6:.1f} {x + 6:.1f},{y:.1f} {x:.1f},{y + 6:.1f} {x - 6:.1f},{y:.1f}"
    return f'<polygon points="{points}" class="{kind}"/>'
