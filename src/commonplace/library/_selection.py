"""A part of the library as texts to learn from: by path, or what a query finds.

Notable: texts are what the library holds of an item, so the hash beside each is the hash of what
was read, and whoever keeps it can say later that the item has changed.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from commonplace import corpus
from commonplace.corpus import Item, Passage, Snapshot
from commonplace.foundation import InputError, display_path
from commonplace.retrieval import Hit


@dataclass(frozen=True, slots=True)
class Selected:
    """One item of a selection: its id, the hash of what was read of it, and its text."""

    id: str
    content_hash: str
    path: str
    text: str


def select(
    snapshot: Snapshot, selection: Sequence[str], search: Callable[[str], Sequence[Hit]]
) -> list[Selected]:
    """The indexed items at or under each path, or those of the passages that a query finds.

    What exists on the disk or in the library is a path; anything else is a query.

    Raises:
        InputError: a path is not in the library, a query finds nothing, or there is no text.
    """
    items: dict[str, Item] = {}
    for path_or_query in selection:
        items |= corpus.by_id(_items(snapshot, path_or_query, search))
    texts = [
        Selected(item.id, item.content_hash, item.path, _text(snapshot.passages_of(item.id)))
        for item in items.values()
        if item.state == "indexed"
    ]
    texts = [selected for selected in texts if selected.text]
    if not texts:
        raise InputError(f"there is no text at {' and '.join(selection)}; select more")
    return sorted(texts, key=lambda selected: selected.path)  # the same whatever the selection


def _items(
    snapshot: Snapshot, path_or_query: str, search: Callable[[str], Sequence[Hit]]
) -> list[Item]:
    path = corpus.absolute(path_or_query)
    root = corpus.shown_path(path)
    if any(corpus.is_under(item.path, [root]) for item in snapshot.items):
        return corpus.find_items(snapshot, path)
    if os.path.lexists(path):
        raise InputError(
            f"{display_path(path_or_query)} is not in the library; run `commonplace add "
            f"{display_path(path_or_query)}` first, so that what is learned has its source"
        )
    items = snapshot.items_by_id({hit.passage.item_id for hit in search(path_or_query)})
    if not items:
        raise InputError(
            f"there is nothing at {path_or_query!r}, and a search for it finds nothing"
        )
    return list(items.values())


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
