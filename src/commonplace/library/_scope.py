"""What a caller chose, made definite: which library, and which part of it."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from commonplace.corpus import Filter
from commonplace.foundation import InputError, display_path


def refuse_before_beginning(as_of: datetime, began: datetime | None) -> None:
    """Say so where the library held nothing yet at the moment that is asked about."""
    if began is None or as_of < began:
        raise InputError(
            f"the library held nothing on {as_of.astimezone():%Y-%m-%d %H:%M:%S}"
            + (f"; it began on {began.astimezone():%Y-%m-%d %H:%M:%S}" if began else "")
            + "; to choose by when things were written, use --since and --until"
        )


def in_utc(filter: Filter) -> Filter:
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


def folder_of(folder: str | os.PathLike[str] | None, create: bool) -> Path:
    """The folder of the library that is meant; None means the default one.

    Raises:
        InputError: there is no library in it, and none is to be created.
    """
    place = Path(os.path.expanduser(folder)) if folder else default_folder()
    if not create and not os.path.lexists(place / "format.json"):
        raise InputError(
            f"there is no library in {display_path(place)} yet; "
            "`commonplace add PATH` starts one, and --library names another folder"
        )
    return place


def default_folder() -> Path:
    """$COMMONPLACE_LIBRARY, or the user's own data folder."""
    if folder := os.environ.get("COMMONPLACE_LIBRARY"):
        return Path(folder).expanduser()
    import platformdirs

    return Path(platformdirs.user_data_dir("commonplace", appauthor=False)) / "library"
