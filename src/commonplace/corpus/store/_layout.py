"""The folder of a library: `{format.json, lance/, log/, learned/, cache/}`.

`format.json` says which schema and which analyser wrote it; a folder written by a newer version is
refused with a sentence. `cache/` may be deleted at any time.
"""

import json
from pathlib import Path

from commonplace.corpus.store.schema import SCHEMA_VERSION
from commonplace.corpus.text.analyser import ANALYSER
from commonplace.foundation import LibraryError, display_path, write_atomically

FOLDERS = ("lance", "log", "learned", "cache")


def lay_out(folder: Path) -> None:
    """Make this folder a library, or check that it is one that this version can use.

    Raises:
        LibraryError: it holds something else, is damaged, or was written by a newer version.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "format.json").exists():
            _refuse_foreign(folder)
            layout = {"schema": SCHEMA_VERSION, "analyser": ANALYSER}
            write_atomically(folder / "format.json", json.dumps(layout).encode())
        _check_format(folder / "format.json")
        for name in FOLDERS:
            (folder / name).mkdir(exist_ok=True)
    except OSError as error:
        raise LibraryError(
            f"{display_path(folder)} cannot hold a library ({error.strerror or error}); "
            "choose another folder with --library"
        ) from error


def _refuse_foreign(folder: Path) -> None:
    """A new library starts in an empty folder, or in one whose creation was broken off."""
    strange = [
        p.name for p in folder.iterdir() if not p.name.startswith((*FOLDERS, ".format.json"))
    ]
    if strange and not (folder / "format.json").exists():  # else another process made it
        raise LibraryError(
            f"{display_path(folder)} is neither empty nor a library (it holds {strange[0]}); "
            "choose another folder with --library"
        )


def _check_format(file: Path) -> None:
    where = display_path(file.parent)
    try:
        layout = json.loads(file.read_bytes())
        schema, analyser = int(layout["schema"]), str(layout["analyser"])
    except (ValueError, KeyError, TypeError) as error:
        raise LibraryError(
            f"{where}/format.json is damaged; restore it, or start a new library"
        ) from error
    if schema > SCHEMA_VERSION:
        raise LibraryError(
            f"{where} was written by a newer commonplace (schema {schema}, this one knows "
            f"{SCHEMA_VERSION}); upgrade commonplace to use it"
        )
    if analyser != ANALYSER:
        raise LibraryError(
            f"{where} was indexed by the analyser {analyser}, this version has {ANALYSER}; "
            "add your files to a new library"
        )
