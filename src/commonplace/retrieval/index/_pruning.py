"""Compiled: the documents that may be among the best for a query, and their exact scores.

Only `postings` imports this module, inside functions: numba is an extra. Documents are numbered
through all segments; a segment's own numbers begin at its base.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from commonplace.retrieval.index._compiled import compiled, inlined

Arrays = tuple[NDArray[Any], ...]

_BLOCK: Final = 4_096  # documents whose sums are made together: 16 kB
_CHUNK: Final = 32
_LOOKUP_COST: Final = 64  # postings that can be added up in the time that one takes to look up
_BINS: Final = 2_048
_NO_DOCUMENT: Final = 2**32 - 1


@inlined
def _first_from(numbers: NDArray[np.uint32], begin: int, end: int, document: np.uint32) -> int:
    """The first place in `begin`..`end` of an ascending list that is not before `document`."""
    step = 16
    while begin + step < end and numbers[begin + step] < document:
        begin += step
        step *= 2
    end = min(end, begin + step)
    while begin < end:
        middle = (begin + end) >> 1
        if numbers[middle] < document:
            begin = middle + 1
        else:
            end = middle
    return begin


@compiled
def _runs(
    vocabularies: Arrays, heads: Arrays, peaks: Arrays, query: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Where each term's postings stand in each segment [t, segments, 2], and its peak [t]."""
    runs = np.zeros((len(query), len(vocabularies), 2), np.int64)
    highest = np.zeros(len(query), np.float32)
    for part in range(len(vocabularies)):
        vocabulary, head, peak = vocabularies[part], heads[part], peaks[part]
        for term in range(len(query)):
            at = np.searchsorted(vocabulary, query[term])
            if at < len(vocabulary) and vocabulary[at] == query[term]:
                runs[term, part, 0], runs[term, part, 1] = head[at], head[at + 1]
                highest[term] = max(highest[term], peak[at])
    return runs, highest


@compiled
def candidates(
    vocabularies: Arrays,
    heads: Arrays,
    peaks: Arrays,
    documents: Arrays,
    saturations: Arrays,
    bases: NDArray[np.int64],
    query: NDArray[np.int32],
    exact_weights: NDArray[np.float64],
    allowed: NDArray[np.bool_],
    k: int,
    slack: float,
) -> NDArray[np.int64]:
    """Every allowed document that may be among the best `k`, and few others; in no order.

    `query` [t] are the numbers of the terms, `exact_weights` [t] idf times repeats, `allowed` [n].
    `slack` (at most 1) is how far a saturation may be off, as a ratio.
    """
    runs, highest = _runs(vocabularies, heads, peaks, query)
    weights = exact_weights.astype(np.float32)
    bounds = weights * highest
    order = np.argsort(-bounds)
    return _near_the_best(
        documents,
        saturations,
        bases,
        runs=runs[order],
        weights=weights[order],
        bounds=bounds[order],
        allowed=allowed,
        k=k,
        slack=slack,
    )


@compiled
def _near_the_best(
    documents: Arrays,
    saturations: Arrays,
    bases: NDArray[np.int64],
    runs: NDArray[np.int64],
    weights: NDArray[np.float32],
    bounds: NDArray[np.float32],
    allowed: NDArray[np.bool_],
    k: int,
    slack: float,
) -> NDArray[np.int64]:
    """The work of `candidates`.

    MaxScore (Turtle & Flood 1995), a block of documents at a time, so that the sums stay in the
    nearest cache. The terms come with their greatest possible weight (`bounds` [t]) descending, so
    the rare ones first. A histogram of the sums gives the floor: no more than the k-th best so far.
    The last terms, which together cannot lift a document to the floor, need not be added up: where
    few documents of a block come near it, they are only looked up. Blocks in which none of the
    others occurs are not visited.
    """
    total = len(weights)
    rest = np.zeros(total + 1, np.float32)  # what the terms from here on can add
    for term in range(total - 1, -1, -1):
        rest[term] = rest[term + 1] + bounds[term]
    histogram = np.zeros(_BINS + 1, np.int32)
    scale = _BINS / (rest[0] * 1.0001)
    edge, above = 0, 0  # how many were counted in the bins from `edge` on
    places, reached, size = np.empty(1024, np.int64), np.empty(1024, np.float32), 0
    sums = np.zeros(_BLOCK, np.float32)
    at, stop = np.empty(total, np.int64), np.empty(total, np.int64)
    needed = total  # how many of the terms are added up
    floor = np.float32(0)
    for part in range(len(documents)):
        numbers, values, base = documents[part], saturations[part], bases[part]
        for term in range(total):
            at[term], stop[term] = runs[term, part, 0], runs[term, part, 1]
        while True:
            while needed > 0 and rest[needed - 1] < floor:
                needed -= 1
            first = np.uint32(_NO_DOCUMENT)
            for term in range(needed):
                if at[term] < stop[term]:
                    first = min(first, numbers[at[term]])
            if first == np.uint32(_NO_DOCUMENT):
                break
            begin = np.uint32(first - first % np.uint32(_BLOCK))
            end = np.uint32(begin + np.uint32(_BLOCK))
            added = 0  # terms that are in the sums
            while added < total:
                upto = needed if added < needed else total
                for term in range(added, upto):
                    weight, last = weights[term], _first_from(numbers, at[term], stop[term], end)
                    if term >= needed:  # it has not followed where blocks were not visited
                        at[term] = _first_from(numbers, at[term], last, begin)
                    for i in range(at[term], last):
                        sums[numbers[i] % np.uint32(_BLOCK)] += weight * values[i]
                    at[term] = last
                added = upto
                cut = max(floor - rest[added], np.float32(1e-30))
                if added == total:
                    break
                near = np.int32(0)
                for i in range(_BLOCK):
                    near += np.int32(sums[i] >= cut)
                ahead = np.int64(0)
                for term in range(added, total):
                    ahead += stop[term] - at[term]
                if near * _LOOKUP_COST * (bases[part + 1] - base - begin) < ahead * _BLOCK:
                    break
            for chunk in range(0, _BLOCK, _CHUNK):
                near = np.int32(0)
                for i in range(chunk, chunk + _CHUNK):
                    near += np.int32(sums[i] >= cut)
                if near == 0:
                    continue
                for i in range(chunk, chunk + _CHUNK):
                    value = sums[i]
                    if value < cut or not allowed[base + begin + i]:
                        continue
                    document = np.uint32(begin + i)
                    for term in range(added, total):
                        if value + rest[term] < floor:
                            break
                        place = _first_from(numbers, at[term], stop[term], document)
                        if place < stop[term] and numbers[place] == document:
                            value += weights[term] * values[place]
                    if value < floor:
                        continue
                    if size == len(places):
                        places = np.concatenate((places, np.empty_like(places)))
                        reached = np.concatenate((reached, np.empty_like(reached)))
                    places[size] = base + document
                    reached[size] = value
                    size += 1
                    place = int(value * scale)
                    histogram[place] += 1
                    above += place >= edge
                    if above - histogram[edge] >= k:
                        while above - histogram[edge] >= k:
                            above -= histogram[edge]
                            edge += 1
                        floor = np.float32(edge / scale * slack)
                        cut = max(floor - rest[added], np.float32(1e-30))
            sums[:] = 0
            for term in range(added, total):
                at[term] = _first_from(numbers, at[term], stop[term], end)
    return places[:size][reached[:size] >= floor]


@compiled
def exact_scores(
    starts: Arrays,
    terms: Arrays,
    counts: Arrays,
    lengths: Arrays,
    bases: NDArray[np.int64],
    documents: NDArray[np.int64],
    query: NDArray[np.int32],
    weights: NDArray[np.float64],
    mean_length: float,
    k1: float,
    b: float,
) -> NDArray[np.float64]:
    """The BM25 scores of these documents, in double precision, from their own terms.

    `query` [t] and `weights` [t] in the order of the query: with the operations of the reference in
    its order, every bit of a sum is the same.
    """
    scores = np.zeros(len(documents), np.float64)
    for place in range(len(documents)):
        part = 0
        while part + 1 < len(bases) and bases[part + 1] <= documents[place]:
            part += 1
        document = documents[place] - bases[part]
        held, frequencies = terms[part], counts[part]
        begin, end = starts[part][document], starts[part][document + 1]
        norm = k1 * (1 - b + b * (lengths[part][document] / mean_length))
        for i in range(len(query)):
            low, high = begin, end
            while low < high:
                middle = (low + high) // 2
                if held[middle] < query[i]:
                    low = middle + 1
                else:
                    high = middle
            if low < end and held[low] == query[i]:
                tf = np.float64(frequencies[low])
                scores[place] += weights[i] * (tf * (k1 + 1) / (tf + norm))
    return scores
