"""The door of a package whose names are imported when they are first used.

So `commonplace --help` is instant, and a process that only reads files never loads the store.
Type checkers do not run `__getattr__`: each package repeats its names under `TYPE_CHECKING`.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package; `modules` maps its modules to the names that they hold."""
    module_of = {name: module for module, names in modules.items() for name in names.split()}

    def get(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{module_of[name]}"), name)

    return get
