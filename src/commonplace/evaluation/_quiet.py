"""A library for measurements: it answers like any other, but without its log and its feedback.

The queries of a measurement must not show up in the log: it says what a person wanted to know, and
`commonplace judge` takes its queries from there. A person's feedback must not move the ranking,
because the same feedback says here what is relevant.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from commonplace.corpus import Snapshot
from commonplace.library import Library


class QuietLibrary(Library):
    """A library whose log stays as it is, that ranks as if untaught; its tables can be read."""

    @classmethod
    def like(cls, library: Library) -> "QuietLibrary":
        """The same library, with the same store and the weights that it has opened."""
        quiet = cls.__new__(cls)  # `__init__` would open the store and the weights once more
        quiet.__dict__.update(library.__dict__)
        quiet._log = replace(library._log, paused=True)
        quiet._ranker = replace(library._ranker, learned=None)
        return quiet

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """The tables as they stand now."""
        with self._store.snapshot() as snapshot:
            yield snapshot
