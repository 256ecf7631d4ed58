"""The errors a user may meet: each is one sentence that says what, where, and what to do.

`CommonplaceError` is the root; the command line prints its message and exits with its `exit_code`.
Anything else that escapes is a bug of ours, and is reported as one.
"""


class CommonplaceError(Exception):
    """Something the user can act on; the message is one plain sentence."""

    exit_code = 2

    def sentences(self) -> tuple[str, ...]:
        """The message, a line each; an error that reports several things at once has several."""
        return (str(self),)


class InputError(CommonplaceError):
    """An argument, file or setting that cannot be used as given."""


class LibraryError(CommonplaceError):
    """The library's folder is not what it should be: newer, foreign, locked or damaged."""


class WeightsError(CommonplaceError):
    """Weights are missing, could not be fetched, or are not the ones the catalogue names."""


class UnreadableError(CommonplaceError):
    """A file that no reader can read; the message is the reason that `status` shows."""
