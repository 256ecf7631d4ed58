"""Numbers in sentences."""


def count_of(count: int, noun: str) -> str:
    """As `1 project` or `1,200 projects`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
