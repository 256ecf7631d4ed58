"""Numbers in sentences."""


def count_of(count: int, noun: str, nouns: str = "") -> str:
    """As `1 project` or `1,200 projects`; `nouns` is a plural that does not just end in s."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"
