"""The door of a package whose names are imported when they are first used.

So `commonplace --help` is instant, and a process that only reads files never loads the store.
Type checkers do not run `__getattr__`. They read the imports that a package has under
`TYPE_CHECKING`, and so does this: the names stand in one place.
"""

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

_IMPORT = re.compile(r"^    from (\S+) import (\w+) as \2$", re.M)


def lazy_names(package: str, source: str) -> tuple[Callable[[str], Any], list[str]]:
    """The `__getattr__` and the `__all__` of a package; `source` is its `__init__.py`."""
    imports = _IMPORT.findall(Path(source).read_text("utf-8"))
    module_of = {name: module for module, name in imports}

    def get(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(module_of[name]), name)

    return get, sorted(module_of)
