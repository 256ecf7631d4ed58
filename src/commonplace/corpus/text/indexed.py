"""What stands above a passage, and the one text of it that is ranked, encoded and read again."""

from collections.abc import Sequence


def heading_line(title: str, heading: Sequence[str]) -> str:
    """Title and headings as one line to put before a passage: "Title > Heading. ", or "".

    A title that is only a number (a file called 4983.txt) says nothing and is left out, and so is
    a heading that repeats what is above it.
    """
    above = [part for part in dict.fromkeys((title, *heading)) if any(map(str.isalpha, part))]
    return f"{' > '.join(above)}. " if above else ""


def indexed_text(title: str, heading: Sequence[str], text: str) -> str:
    """The text that stands for a passage in every ranking: what is above it, then itself."""
    return heading_line(title, heading) + text
