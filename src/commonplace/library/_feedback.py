"""What an open library has learned from feedback, read again only when it has changed."""

from commonplace.corpus import Store, feedback_file, read_feedback
from commonplace.library._models import ENCODER_SHA256
from commonplace.models import TextEncoder
from commonplace.retrieval import RelevanceFeedback, cached_encoding, relevance_feedback

Stamp = tuple[int, int] | None  # of the file of feedback; None: there is none


class Learned:
    """The feedback of one library, made ready for ranking, and the switch that leaves it aside."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._switched_off = store.folder / "learned" / "feedback.off"
        # What was read of the file as it was then, and whether that was without an encoder.
        self._read_last: tuple[Stamp, bool, RelevanceFeedback | None] = (None, False, None)

    @property
    def on(self) -> bool:
        """Whether feedback moves this library's ranking."""
        return not self._switched_off.exists()

    def switch(self, on: bool) -> None:
        """Switch learning on or off, for every process that opens this library."""
        if on:
            self._switched_off.unlink(missing_ok=True)
        else:
            self._switched_off.touch()

    def relevance_feedback(self, encoder: TextEncoder | None) -> RelevanceFeedback | None:
        """What was learned so far; None where there was nothing to learn from, or it is off.

        Without an encoder only queries of the same words are alike.
        """
        stamp = self._stamp() if self.on else None
        if stamp is None:
            return None
        if self._read_last[:2] != (stamp, encoder is None):
            self._read_last = (stamp, encoder is None, self._read(encoder))
        return self._read_last[2]

    def _stamp(self) -> Stamp:
        try:
            status = feedback_file(self._store).stat()
        except FileNotFoundError:
            return None
        return status.st_size, status.st_mtime_ns  # other processes write the file too

    def _read(self, encoder: TextEncoder | None) -> RelevanceFeedback | None:
        file = self._store.folder / "cache" / f"feedback-{ENCODER_SHA256[:12]}.npz"
        encode = cached_encoding(encoder.encode_queries, file) if encoder else None
        return relevance_feedback(read_feedback(self._store), encode)
