"""Canvases (https://jsoncanvas.org, version 1.0): cards, links, groups, and the words on arrows."""

import json
from pathlib import Path
from typing import Any

from commonplace.corpus._types import Document, Limits
from commonplace.corpus.readers._composed import Composed
from commonplace.corpus.readers.decode import decode_within
from commonplace.foundation import UnreadableError


def read(path: Path, data: bytes, limits: Limits) -> Document:
    """The passages of a canvas.

    Raises:
        UnreadableError: it is none, or has no text.
    """
    text, notices = decode_within(data, limits)
    try:
        canvas = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"not a canvas that can be read ({str(error)[:100]})") from None
    if not isinstance(canvas, dict):
        raise UnreadableError("not a canvas: it holds no cards")
    nodes = [node for node in _list(canvas.get("nodes")) if isinstance(node, dict)]
    composed = Composed(limits.text_characters)
    for node in sorted(nodes, key=_place):
        kind = node.get("type")
        if kind == "group":
            composed.paragraph(_named("Group", node.get("label")))
        elif kind == "file":
            composed.paragraph(_named("File", node.get("file")))
        elif kind == "link":
            composed.paragraph(_named("Link", node.get("url")))
        else:
            composed.paragraph(str(node.get("text") or ""))
    labels = {str(node.get("id")): _label(node) for node in nodes}
    for edge in _list(canvas.get("edges")):
        if isinstance(edge, dict) and edge.get("label"):
            ends = [labels.get(str(edge.get(end)), "") for end in ("fromNode", "toNode")]
            composed.item(f"{ends[0]} → {ends[1]}: {edge['label']}")
    return composed.document("canvas", path.stem, limits, notices=notices)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _named(what: str, value: object) -> str:
    return f"{what}: {value}" if value else ""


def _label(node: dict[str, Any]) -> str:
    words = node.get("label") or node.get("text") or node.get("file") or node.get("url") or ""
    return " ".join(str(words).split())[:60]


def _place(node: dict[str, Any]) -> tuple[float, float]:
    """From the top, and from the left."""
    return tuple(v if isinstance(v := node.get(k), int | float) else 0.0 for k in "yx")  # type: ignore[return-value]
