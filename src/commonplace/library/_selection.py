"""A part of the library as texts to learn from: by path, or what a query finds.

Notable: texts are what the library holds of an item, so the hash beside each is the hash of what
was read, and whoever keeps it can say later that the item has changed.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from commonplace.corpus import Item, Passage, Snapshot, absolute, find_items, is_under, shown_path
from commonplace.foundation import InputError, display_path


@dataclass(frozen=True, slots=True)
class Selected:
    """One item of a selection: its id, the hash of what was read of it, and its text."""

    id: str
    content_hash: str
    path: str
    text: str


def select(
    snapshot: Snapshot, chosen: Sequence[str], search: Callable[[str], Sequence[Passage]]
) -> list[Selected]:
    """The indexed items at or under each path, or those of the passages that a query finds.

    What exists on the disk or in the library is a path; anything else is a query.

    Raises:
        InputError: a path is not in the library, a query finds nothing, or there is no text.
    """
    found: dict[str, Item] = {}
    for one in chosen:
        found |= {item.id: item for item in _items(snapshot, one, search)}
    kept = [_selected(snapshot, item) for item in found.values() if item.state == "indexed"]
    if not any(one.text for one in kept):
        raise InputError(f"there is no text at {' and '.join(chosen)}; select more")
    return sorted((one for one in kept if one.text), key=lambda one: one.path)


def _items(
    snapshot: Snapshot, chosen: str, search: Callable[[str], Sequence[Passage]]
) -> list[Item]:
    path = absolute(chosen)
    shown = shown_path(path)
    if any(is_under(item.path, [shown]) for item in snapshot.items):
        return find_items(snapshot, path)
    if os.path.lexists(path):
        raise InputError(
            f"{display_path(chosen)} is not in the library; run `commonplace add "
            f"{display_path(chosen)}` first, so that what is learned has its source"
        )
    hits = {passage.item_id for passage in search(chosen)}
    if not hits:
        raise InputError(f"there is nothing at {chosen!r}, and a search for it finds nothing")
    return [item for item in snapshot.items if item.id in hits]


def _selected(snapshot: Snapshot, item: Item) -> Selected:
    return Selected(item.id, item.content_hash, item.path, _text(snapshot.passages_of(item.id)))


def _text(passages: Sequence[Passage]) -> str:
    """The passages in reading order, each heading on a line of its own where it begins."""
    paragraphs: list[str] = []
    above: tuple[str, ...] = ()
    for passage in passages:
        if passage.heading != above and passage.heading:
            paragraphs.append(passage.heading[-1])
        above = passage.heading
        paragraphs.append(passage.text)
    return "\n\n".join(paragraphs)
