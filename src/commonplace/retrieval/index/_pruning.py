"""Compiled: the documents that may be among the best for a query, and their exact scores.

Only `postings` imports this module, inside functions: numba is an extra. Documents are numbered
through all segments; a segment's own numbers begin at its base.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from commonplace.foundation.arrays import Bools, Float32s, Float64s, Int32s, Int64s
from commonplace.retrieval.index._compiled import compiled, inlined

Arrays = tuple[NDArray[Any], ...]

_BLOCK: Final = 4_096  # documents whose sums are made together: 16 kB
_CHUNK: Final = 32  # sums of a block that are passed over together
_LOOKUP_COST: Final = 64  # postings that can be added up in the time that one takes to look up
_BINS: Final = 2_048  # of sums, from 0 to the greatest that a document could have
_NO_DOCUMENT: Final = 2**32 - 1
_LEAST: Final = 1e-30  # more than 0: a document without any of the terms is no candidate


@inlined
def _lower_bound(numbers: NDArray[Any], begin: int, end: int, number: np.number[Any]) -> int:
    """The first place in `begin`..`end` of an ascending list that is not before `number`."""
    while begin < end:
        middle = (begin + end) >> 1
        if numbers[middle] < number:
            begin = middle + 1
        else:
            end = middle
    return begin


@inlined
def _first_from(numbers: NDArray[np.uint32], begin: int, end: int, document: np.uint32) -> int:
    """As `_lower_bound`, in growing steps: a block's documents are near the last ones."""
    step = 16
    while begin + step < end and numbers[begin + step] < document:
        begin += step
        step *= 2
    return _lower_bound(numbers, begin, min(end, begin + step), document)


@inlined
def _reaching(sums: Float32s, begin: int, end: int, cut: np.float32) -> np.int32:
    """How many sums reach the cut; without a branch, so that it becomes vector instructions."""
    near = np.int32(0)
    for i in range(begin, end):
        near += np.int32(sums[i] >= cut)
    return near


@compiled
def _runs(
    vocabularies: Arrays, heads: Arrays, peaks: Arrays, query: Int32s
) -> tuple[Int64s, Float32s]:
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
    inverted: tuple[Arrays, Arrays, Arrays, Arrays, Arrays, Int64s],
    query: Int32s,
    exact_weights: Float64s,
    allowed: Bools,
    k: int,
    slack: float,
) -> Int64s:
    """Every allowed document that may be among the best `k`, and few others; in no order.

    `inverted` are the vocabularies, runs, peaks, documents and saturations of all segments, and
    where each begins. `query` [t] are the numbers of the terms, `exact_weights` [t] idf times
    repeats, `allowed` [n]. `slack` (at most 1) is how far a saturation may be off, as a ratio.
    """
    vocabularies, heads, peaks, documents, saturations, bases = inverted
    runs, highest = _runs(vocabularies, heads, peaks, query)
    weights = exact_weights.astype(np.float32)
    bounds = weights * highest
    order = np.argsort(-bounds)
    query_terms = runs[order], weights[order], bounds[order]
    return _near_the_best((documents, saturations, bases), query_terms, allowed, k, slack)


@compiled
def _near_the_best(
    postings: tuple[Arrays, Arrays, Int64s],
    query: tuple[Int64s, Float32s, Float32s],
    allowed: Bools,
    k: int,
    slack: float,
) -> Int64s:
    """The work of `candidates`.

    MaxScore (Turtle & Flood 1995), a block of documents at a time, so that the sums stay in the
    nearest cache. The terms (runs, weights, and `bounds` [t], the most that each can add) come with
    the greatest bounds first, so the rare ones. A histogram of the sums gives the floor: no more
    than the k-th best so far. The last terms, which together cannot lift a document to the floor,
    need not be added up: where few documents of a block come near it, they are only looked up.
    Blocks in which none of the others occurs are not visited.
    """
    (documents, saturations, bases), (runs, weights, bounds) = postings, query
    total = len(weights)
    rest = np.zeros(total + 1, np.float32)  # what the terms from here on can add
    for term in range(total - 1, -1, -1):
        rest[term] = rest[term + 1] + bounds[term]
    histogram = np.zeros(_BINS + 1, np.int32)
    scale = _BINS / (rest[0] * 1.0001)  # so that rounding puts no sum behind the last bin
    edge, above = 0, 0  # how many were counted in the bins from `edge` on
    places, reached, size = np.empty(1024, np.int64), np.empty(1024, np.float32), 0
    sums = np.zeros(_BLOCK, np.float32)
    needed = total  # how many of the terms are added up
    floor = np.float32(0)
    for part in range(len(documents)):
        numbers, values, base = documents[part], saturations[part], bases[part]
        at, stop = runs[:, part, 0].copy(), runs[:, part, 1].copy()
        while True:
            while needed > 0 and rest[needed - 1] < floor:
                needed -= 1
            first = _first_document(numbers, at[:needed], stop[:needed])
            if first == np.uint32(_NO_DOCUMENT):
                break
            begin = np.uint32(first - first % np.uint32(_BLOCK))
            end = np.uint32(begin + np.uint32(_BLOCK))
            added = _add_up(
                (numbers, values),
                following=(at, stop),
                query=(weights, rest),
                sums=sums,
                begin=begin,
                needed=needed,
                floor=floor,
                remaining=bases[part + 1] - base - begin,
            )
            cut = max(floor - rest[added], np.float32(_LEAST))
            for chunk in range(0, _BLOCK, _CHUNK):
                if _reaching(sums, chunk, chunk + _CHUNK, cut) == 0:
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
                    places[size], reached[size] = base + document, value
                    size += 1
                    place = int(value * scale)
                    histogram[place] += 1
                    above += place >= edge
                    if above - histogram[edge] >= k:
                        while above - histogram[edge] >= k:
                            above -= histogram[edge]
                            edge += 1
                        floor = np.float32(edge / scale * slack)
                        cut = max(floor - rest[added], np.float32(_LEAST))
            sums[:] = 0
            for term in range(added, total):
                at[term] = _first_from(numbers, at[term], stop[term], end)
    return places[:size][reached[:size] >= floor]


@inlined
def _first_document(numbers: NDArray[np.uint32], at: Int64s, stop: Int64s) -> np.uint32:
    """The next document that any of these terms has."""
    first = np.uint32(_NO_DOCUMENT)
    for term in range(len(at)):
        if at[term] < stop[term]:
            first = min(first, numbers[at[term]])
    return first


@compiled
def _add_up(
    postings: tuple[NDArray[np.uint32], Float32s],
    following: tuple[Int64s, Int64s],
    query: tuple[Float32s, Float32s],
    sums: Float32s,
    begin: np.uint32,
    needed: int,
    floor: np.float32,
    remaining: int,
) -> int:
    """Add the terms up in the block at `begin`; returns how many are in its sums.

    The `needed` ones are, and all the others where looking them up would take longer, as a guess:
    the postings ahead are taken to lie evenly in the `remaining` documents of the segment.
    """
    (numbers, values), (at, stop), (weights, rest) = postings, following, query
    total, added, upto = len(weights), 0, needed
    end = np.uint32(begin + np.uint32(_BLOCK))
    while True:
        for term in range(added, upto):
            weight, last = weights[term], _first_from(numbers, at[term], stop[term], end)
            if term >= needed:  # it has not followed where blocks were not visited
                at[term] = _first_from(numbers, at[term], last, begin)
            for i in range(at[term], last):
                sums[numbers[i] % np.uint32(_BLOCK)] += weight * values[i]
            at[term] = last
        if upto == total:
            return total
        near = _reaching(sums, 0, _BLOCK, max(floor - rest[upto], np.float32(_LEAST)))
        ahead = (stop[upto:] - at[upto:]).sum()
        if near * _LOOKUP_COST * remaining < ahead * _BLOCK:
            return upto
        added, upto = upto, total


@compiled
def exact_scores(
    forward: tuple[Arrays, Arrays, Arrays, Arrays, Int64s],
    documents: Int64s,
    query: Int32s,
    weights: Float64s,
    mean_length: float,
    k1: float,
    b: float,
) -> Float64s:
    """The BM25 scores of these documents, in double precision, from their own terms.

    `forward` are the starts, terms, counts and lengths of all segments, and where each begins.
    `query` [t] and `weights` [t] in the order of the query: with the operations of the reference in
    its order, every bit of a sum is the same.
    """
    starts, terms, counts, lengths, bases = forward
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
            at = _lower_bound(held, begin, end, query[i])
            if at < end and held[at] == query[i]:
                tf = np.float64(frequencies[at])
                scores[place] += weights[i] * (tf * (k1 + 1) / (tf + norm))
    return scores
