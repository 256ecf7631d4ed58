"""The errors a user may meet: each is one sentence that says what, where, and what to do.

`CommonplaceError` is the root; the command line prints its message and exits with its `exit_code`.
Anything else that escapes is a bug of ours, and is reported as one.
"""


class CommonplaceError(Exception):
    """Something the user can act on; the message is one plain sentence."""

    exit_code = 2

    @property
    def for_others(self) -> str:
        """The message for who is not the user of this machine: without addresses and accounts."""
        return str(self)

    def sentences(self) -> tuple[str, ...]:
        """The message, a line each; an error that reports several things at once has several."""
        return (str(self),)


class InputError(CommonplaceError):
    """An argument, file or setting that cannot be used as given."""


class ServerError(InputError):
    """Another server, such as a language model's, did not do what was asked of it.

    Attributes:
        for_others: the message without its address and without what it answered.
    """

    def __init__(self, message: str, for_others: str) -> None:
        super().__init__(message)
        self._for_others = for_others

    @property
    def for_others(self) -> str:
        return self._for_others


class LibraryError(CommonplaceError):
    """The library's folder is not what it should be: newer, foreign, locked or damaged."""


class WeightsError(CommonplaceError):
    """Weights are missing, could not be fetched, or are not the ones the catalogue names."""


class UnreadableError(CommonplaceError):
    """A file that no reader can read; the message is the reason that `status` shows."""
