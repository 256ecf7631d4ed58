"""The prose of the invented worlds' notes as passages, in the form of those of SQuAD 2.0.

from benchmarks.answers.world_passages import world_passages
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

WORLDS: Final = Path(__file__).with_name("worlds")
LONGEST: Final = 900  # characters after which a passage ends with its paragraph
_SUFFIXES: Final = frozenset((".md", ".txt", ".rst", ".org"))
_PARAGRAPHS = re.compile(r"\n\s*\n")


def world_passages(world: str) -> list[dict[str, Any]]:
    """The passages of a world's text files: `id`, `title` (the world) and `text`."""
    files = sorted(file for file in (WORLDS / world / "notes").rglob("*") if file.is_file())
    return [
        {"id": f"{world}/{file.name}/{number}", "title": world, "text": text}
        for file in files
        if file.suffix in _SUFFIXES
        for number, text in enumerate(_passages(file.read_text(encoding="utf-8")))
    ]


def _passages(text: str) -> Iterator[str]:
    """Paragraphs in a row, up to the first with which they are too long."""
    paragraphs: list[str] = []
    for paragraph in _PARAGRAPHS.split(text):
        paragraphs.append(paragraph.strip())
        if sum(map(len, paragraphs)) > LONGEST:
            yield "\n\n".join(paragraphs)
            paragraphs = []
    if any(paragraphs):
        yield "\n\n".join(paragraphs)
