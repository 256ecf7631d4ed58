"""What `commonplace adapter` prints: a table and bars, conflicts in words, what was lost."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from commonplace.cli.terminal.output import bold, cells, columns, cut_left, dim, pad, say

if TYPE_CHECKING:
    from commonplace.adapters import Conflict, Distance, Inspection, Kept

_LISTED: Final = 8  # the worst of a list; the rest is a count
_BAR: Final = 30  # columns of the longest bar
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def show_inspection(file: Path, found: "Inspection") -> None:
    """A table of facts, and a bar for each block."""
    say(bold(str(file)))
    for name, value in _facts(found):
        if value:
            say(dim(pad(name, 14)), value)
    greatest = max((one.norm for one in found.blocks), default=0.0)
    width = min(max(cells(one.name) for one in found.blocks), max(columns() - _BAR - 16, 20))
    say("")
    say(dim(f"{pad('block', width)}  norm of the change"))
    for block in found.blocks:
        shown = pad(cut_left(block.name, width), width)
        say(f"{shown}  {block.norm:8.3g}  {_bar(block.norm / greatest if greatest else 0)}")


def show_conflicts(found: "Iterable[Conflict]") -> None:
    """The worst first, in words."""
    meeting = sorted(
        (one for one in found if max(one.shared) >= 0.05),
        key=lambda one: (not one.fights, -max(one.shared)),
    )
    fights = sum(one.fights for one in meeting)
    say(bold("before: "), f"{fights} fights, {len(meeting) - fights} other meetings")
    for conflict in meeting[:_LISTED]:
        say(f"  {conflict}")
    if len(meeting) > _LISTED:
        say(dim(f"  and {len(meeting) - _LISTED} more"))


def show_kept(found: "Iterable[Kept]") -> None:
    """For each adapter the mean and the worst of how far off it acts on its own inputs."""
    errors: dict[str, list[Kept]] = {}
    for one in found:
        errors.setdefault(one.adapter, []).append(one)
    say(bold("after: "), "how far each is off on its own inputs (0 %: as if it were alone)")
    for name, ones in errors.items():
        mean = sum(one.error for one in ones) / len(ones)
        worst = max(ones, key=lambda one: one.error)
        say(f"  {name}: {mean:.1%}; at most {worst.error:.1%}, in {worst.layer}")


def show_distances(found: "Iterable[Distance]") -> None:
    """What resizing lost, together and where most."""
    ones = list(found)
    energy = sum(one.norm**2 for one in ones)
    lost = sum((one.error * one.norm) ** 2 for one in ones)
    worst = max(ones, key=lambda one: one.error)
    total = (lost / energy) ** 0.5 if energy else 0.0
    say(f"relative error {total:.2%}; at most {worst.error:.2%}, in {worst.layer}")


def show_list(rows: list[dict[str, Any]]) -> None:
    """A line for each adapter; what is none comes after, with the reason."""
    for row in rows:
        if "reason" not in row:
            say(bold(row["path"]), f"  {row['layers']} layers", *_state(row))
    for row in rows:
        if "reason" in row:
            say(dim(row["reason"]))
    if not rows:
        say("there are no adapters here")


def _state(row: dict[str, Any]) -> list[str]:
    base = [f"  for {row['base']}"] if row["base"] else []
    if row["stale"]:
        of = f"{len(row['stale'])} of {row['trained_on']}"
        return [*base, bold(f"  stale: {of} training items changed")]
    return base


def _facts(found: "Inspection") -> list[tuple[str, str]]:
    provenance = found.provenance
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.kinds.items())
    made_for = f" ({provenance.fingerprint[:12]})" if provenance.fingerprint else ""
    return [
        ("layers", kinds),
        ("rank", _range(found.ranks)),
        ("alpha", _range(found.alphas)),
        ("parameters", f"{found.parameters:,}"),
        ("base", f"{provenance.base}{made_for}"),
        ("trained on", f"{len(provenance.trained_on)} items" if provenance.trained_on else ""),
        ("recipe", provenance.recipe),
        ("seed", "" if provenance.seed is None else str(provenance.seed)),
        ("steps", "" if provenance.steps is None else str(provenance.steps)),
        ("licence", provenance.licence),
        ("trigger words", ", ".join(provenance.trigger_words)),
        ("made from", ", ".join(provenance.parents)),
    ]


def _range(values: tuple[float, ...]) -> str:
    return f"{values[0]:g}" if len(values) == 1 else f"{values[0]:g} to {values[-1]:g}"


def _bar(part: float) -> str:
    """A bar in eighths of a column."""
    eighths = round(part * _BAR * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
