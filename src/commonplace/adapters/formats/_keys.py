"""Which layer each tensor of a file belongs to; what belongs to none is named, never dropped."""

import functools
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

from commonplace.foundation import InputError, display_path

_MOST_NAMES: Final = 5  # names of unmapped keys in a message


@functools.lru_cache(16)  # adapters of one recipe have the same keys, and are swapped often
def group(
    keys: tuple[str, ...], split: Callable[[str], tuple[str, str | None]]
) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The keys by module and suffix, and those that have no known suffix.

    `split` gives the module and the suffix of a key; None for a suffix that is not known.
    """
    modules: dict[str, dict[str, str]] = {}
    unmapped: list[str] = []
    for key in keys:
        module, suffix = split(key)
        if suffix is None:
            unmapped.append(key)
        else:
            modules.setdefault(module, {})[suffix] = key
    return modules, unmapped


def check_mapped(
    path: Path, modules: Collection[str], unmapped: list[str], allow_unmapped: bool
) -> None:
    """Raise InputError where a file holds no layer, or tensors of none that are not allowed."""
    if unmapped and not (allow_unmapped and modules):
        examples = ", ".join(unmapped[:_MOST_NAMES])
        if len(unmapped) > _MOST_NAMES:
            examples += ", ..."
        raise InputError(
            f"{display_path(path)} holds {len(unmapped)} tensors that are no adapter's as far as "
            f"this program knows: {examples}"
        )
    if not modules:
        raise InputError(f"{display_path(path)} holds no adapter")
