"""Compiled: products of vectors kept as bytes. Only `codes` imports this, inside functions."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from commonplace.foundation.arrays import Bools, Float32s, Int32s, Int64s
from commonplace.retrieval.index._compiled import compiled

_BINS: Final = 8_192  # of cosines from -1.25 to 1.25, to find the floor of the nearest


@compiled
def encoded(matrix: Float32s) -> tuple[NDArray[np.int8], Float32s, Float32s]:
    """Whole numbers [n, d] and a scale [n] for each row, and the length of what they leave out."""
    count, dimension = matrix.shape
    numbers = np.empty((count, dimension), np.int8)
    scales, errors = np.empty(count, np.float32), np.empty(count, np.float32)
    for row in range(count):
        greatest = np.float32(1e-30)  # not 0: a row of zeros is divided by its scale
        for i in range(dimension):
            greatest = max(greatest, abs(matrix[row, i]))
        scale = np.float32(greatest / 127)
        squares = 0.0  # of what the whole numbers leave out
        for i in range(dimension):
            number = np.rint(matrix[row, i] / scale)
            numbers[row, i] = np.int8(min(max(number, -127), 127))
            squares += (matrix[row, i] - np.float64(scale) * numbers[row, i]) ** 2
        scales[row] = scale
        # Rounded up: an error must never be smaller than what was left out.
        errors[row] = np.float32(np.sqrt(squares) * 1.000001)
    return numbers, scales, errors


@compiled
def _products(numbers: NDArray[np.int8], query: NDArray[np.int16]) -> Int32s:
    """A loop of its own, so that the compiler makes vector instructions of it."""
    products = np.empty(len(numbers), np.int32)
    for row in range(len(numbers)):
        total = np.int32(0)
        for i in range(numbers.shape[1]):
            total += np.int32(np.int16(numbers[row, i])) * np.int32(query[i])
        products[row] = total
    return products


@compiled
def candidates(
    numbers: NDArray[np.int8],
    scales: Float32s,
    errors: Float32s,
    query: NDArray[np.int16],
    scale: float,
    length: float,
    lost: float,
    allowed: Bools,
    limit: int,
) -> Int64s:
    """The rows that may be among the `limit` nearest to `query` times `scale`, ascending.

    `length` is that of the query, `lost` the length of what its whole numbers leave out.
    """
    count = len(numbers)
    products = _products(numbers, query)  # a sum fits into 32 bits: see `Codes.nearest`
    estimates = np.empty(count, np.float32)
    histogram = np.zeros(_BINS + 1, np.int64)
    for row in range(count):
        estimates[row] = np.float32(products[row] * (scale * scales[row]))
        if allowed[row]:
            least = estimates[row] - (length + lost) * errors[row] - lost
            place = int((least + 1.25) * (_BINS / 2.5))
            histogram[min(max(place, 0), _BINS)] += 1
    place, above = _BINS + 1, 0
    while place > 0 and above < limit:
        place -= 1
        above += histogram[place]
    floor = np.float32(place * (2.5 / _BINS) - 1.25 - 1e-6) if place > 0 else np.float32(-np.inf)
    rows = np.empty(count, np.int64)
    size = 0
    for row in range(count):
        if allowed[row] and estimates[row] + (length + lost) * errors[row] + lost >= floor:
            rows[size] = row
            size += 1
    return rows[:size].copy()
