"""What a caller chose, made definite: which library, and which part of it."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from commonplace.foundation import InputError
from commonplace.library import Filter, absolute, shown_path


def refuse_before_beginning(as_of: datetime, began: datetime | None) -> None:
    """Say so where the library held nothing yet at the moment that is asked about."""
    if began is None or as_of < began:
        raise InputError(
            f"the library held nothing on {as_of:%Y-%m-%d %H:%M} UTC"
            + (f"; its first file was added on {began:%Y-%m-%d %H:%M} UTC" if began else "")
            + "; to choose by when things were written, use --since and --until"
        )


def resolved(filter: Filter) -> Filter:
    """The filter with paths as the library names them, and moments in UTC (naive: local)."""
    moments = {
        name: moment.astimezone(UTC)
        for name in ("since", "until", "as_of")
        if (moment := getattr(filter, name)) is not None
    }
    paths = tuple(shown_path(absolute(path)) for path in filter.paths)
    return replace(filter, paths=paths, **moments)


def default_folder() -> Path:
    """$COMMONPLACE_LIBRARY, or the user's own data folder."""
    if chosen := os.environ.get("COMMONPLACE_LIBRARY"):
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("commonplace", appauthor=False)) / "library"
