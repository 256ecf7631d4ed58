"""What a caller chose, made definite: which library, and which part of it."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commonplace.corpus import Filter
from commonplace.foundation import InputError


def refuse_before_beginning(as_of: datetime, began: datetime | None) -> None:
    """Say so where the library held nothing yet at the moment that is asked about."""
    if began is None or as_of < began:
        raise InputError(
            f"the library held nothing on {as_of.astimezone():%Y-%m-%d %H:%M:%S}"
            + (f"; it began on {began.astimezone():%Y-%m-%d %H:%M:%S}" if began else "")
            + "; to choose by when things were written, use --since and --until"
        )


def resolved(filter: Filter) -> Filter:
    """The filter with its moments in UTC (naive ones are local).

    Raises:
        InputError: a moment is at the edge of the calendar.
    """
    moments: dict[str, Any] = {
        name: _utc(moment)
        for name in ("since", "until", "as_of")
        if (moment := getattr(filter, name)) is not None
    }
    return replace(filter, **moments)


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise InputError(
            f"{moment.isoformat()} has no time in UTC; name a later or earlier one"
        ) from error


def default_folder() -> Path:
    """$COMMONPLACE_LIBRARY, or the user's own data folder."""
    if chosen := os.environ.get("COMMONPLACE_LIBRARY"):
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("commonplace", appauthor=False)) / "library"
