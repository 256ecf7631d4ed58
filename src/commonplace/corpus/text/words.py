"""Word sets written as one readable string."""


def words(text: str) -> frozenset[str]:
    """The set of the words in `text`, so that a long list of names reads like one."""
    return frozenset(text.split())
