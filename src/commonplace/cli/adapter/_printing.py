"""What `commonplace adapter` prints: a table and bars, conflicts in words, what was lost."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from commonplace.cli.terminal.output import bold, dim, say
from commonplace.cli.terminal.widths import cells, columns, cut_left, pad

if TYPE_CHECKING:
    from commonplace.adapters import Conflict, Distance, Inspection, RetainedShare

_LISTED: Final = 8  # the worst of a list; the rest is a count
_BAR: Final = 30  # columns of the longest bar
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def show_inspection(file: Path, inspection: "Inspection") -> None:
    """Print a table of facts, and a bar for each block."""
    say(bold(str(file)))
    for name, value in _facts(inspection):
        if value:
            say(dim(pad(name, 14)), value)
    greatest = max((block.norm for block in inspection.blocks), default=0.0)
    longest = max(cells(block.name) for block in inspection.blocks)
    width = min(longest, max(columns() - _BAR - 16, 20))
    say("")
    say(dim(f"{pad('block', width)}  norm of the change"))
    for block in inspection.blocks:
        name = pad(cut_left(block.name, width), width)
        say(f"{name}  {block.norm:8.3g}  {_bar(block.norm / greatest if greatest else 0)}")


def show_conflicts(conflicts: "Iterable[Conflict]") -> None:
    """Print the conflicts in words, the worst first."""
    meetings = sorted(
        (conflict for conflict in conflicts if conflict.meets),
        key=lambda conflict: (not conflict.fights, -max(conflict.shared)),
    )
    fights = sum(meeting.fights for meeting in meetings)
    say(bold("before: "), f"{fights} fights, {len(meetings) - fights} other meetings")
    for meeting in meetings[:_LISTED]:
        say(f"  {meeting}")
    if len(meetings) > _LISTED:
        say(dim(f"  and {len(meetings) - _LISTED} more"))


def show_retained(shares: "Iterable[RetainedShare]") -> None:
    """Print for each adapter the mean and the worst error on its own inputs."""
    shares_of: dict[str, list[RetainedShare]] = {}
    for share in shares:
        shares_of.setdefault(share.adapter, []).append(share)
    say(bold("after: "), "how far each is off on its own inputs (0 %: as if it were alone)")
    for name, own_shares in shares_of.items():
        mean = sum(share.error for share in own_shares) / len(own_shares)
        worst = max(own_shares, key=lambda share: share.error)
        say(f"  {name}: {mean:.1%}; at most {worst.error:.1%}, in {worst.layer}")


def show_distances(distances: "Iterable[Distance]") -> None:
    """Print what resizing lost in all, and where it lost most."""
    layers = list(distances)
    energy = sum(layer.norm**2 for layer in layers)
    lost = sum((layer.error * layer.norm) ** 2 for layer in layers)
    worst = max(layers, key=lambda layer: layer.error)
    total = (lost / energy) ** 0.5 if energy else 0.0
    say(f"relative error {total:.2%}; at most {worst.error:.2%}, in {worst.layer}")


def show_list(rows: list[dict[str, Any]]) -> None:
    """Print a line for each adapter; files that are none come last, with the reason."""
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
        changed = f"{len(row['stale'])} of {row['trained_on']}"
        return [*base, bold(f"  stale: {changed} training items changed")]
    return base


def _facts(inspection: "Inspection") -> list[tuple[str, str]]:
    provenance = inspection.provenance
    kinds = ", ".join(f"{count} {kind}" for kind, count in inspection.kinds.items())
    made_for = f" ({provenance.fingerprint[:12]})" if provenance.fingerprint else ""
    return [
        ("layers", kinds),
        ("rank", _range(inspection.ranks)),
        ("alpha", _range(inspection.alphas)),
        ("parameters", f"{inspection.parameters:,}"),
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
