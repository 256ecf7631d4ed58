"""Which families of rows stand against a project: a deletion filter over an integer programme.

Every family (a resource of a site in all months; the cuts) is let go, then taken back one by one:
what cannot be taken back is the cause (Chinneck and Dravnieks 1991). So the cause is true: without
it the project fits, and with any part of it it does not.
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from commonplace.capacity.solver.programme import Matrix, minimise

ORDER = (  # in which families are taken back: what is named, if there is a choice, stands last
    "backbone",
    "skeleton",
    "north",
    "south",
    "ports",
    "network_power",
    "network_space",
    "power",
    "space",
)
Family = tuple[str, str]  # site, resource


def without(matrix: Matrix, families: list[Family | None], dropped: Collection[Family]) -> Matrix:
    """The programme with the rows of these families let go."""
    free = np.array([family in dropped for family in families], bool)
    return replace(
        matrix,
        row_lower=np.where(free, -np.inf, matrix.row_lower),
        row_upper=np.where(free, np.inf, matrix.row_upper),
    )


def irreducible(
    matrix: Matrix, families: list[Family | None], seconds: float
) -> tuple[Family, ...]:
    """The families that cannot hold together with the rest; they are taken back half by half."""
    names = sorted(
        {family for family in families if family},
        key=lambda family: (ORDER.index(family[1]), family[0]),
    )
    dropped = set(names)

    def take_back(some: list[Family]) -> None:
        trial = without(matrix, families, dropped - set(some))
        if minimise(trial, seconds).values is not None:
            dropped.difference_update(some)
        elif len(some) > 1:
            half = len(some) // 2
            take_back(some[:half])
            take_back(some[half:])

    take_back(names)
    return tuple(name for name in names if name in dropped)
