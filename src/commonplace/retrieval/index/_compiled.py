"""The way to compiled loops: numba, which is an extra and imported only by who compiles.

Compiled at their first call, kept in numba's cache for the next program, and without the
interpreter's lock, so that the threads of a server search side by side.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """The same function as machine code; arrays and numbers only."""
    return cast(_Function, numba.njit(cache=True, nogil=True)(function))


def inlined(function: _Function) -> _Function:
    """The same, written out where it is called: a call would count references to its arrays."""
    return cast(_Function, numba.njit(cache=True, nogil=True, inline="always")(function))
