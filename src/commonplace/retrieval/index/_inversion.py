"""Compiled: from documents as lists of terms to postings, and parts of such lists.

Only `_segments` imports this module, inside functions: numba is an extra.
"""

import numpy as np
from numpy.typing import NDArray

from commonplace.foundation.arrays import Float32s, Float64s, Int32s, Int64s
from commonplace.retrieval.index._compiled import compiled


@compiled
def count_terms(tokens: Int32s, starts: Int64s) -> tuple[Int64s, Int32s, NDArray[np.uint16]]:
    """Runs of equal terms in each document: new starts [n + 1], terms and counts [postings].

    Document i holds `tokens[starts[i] : starts[i + 1]]`. A count stops at 65,535.
    """
    terms = np.empty(len(tokens), np.int32)
    counts = np.empty(len(tokens), np.uint16)
    begins = np.zeros(len(starts), np.int64)
    at = 0
    for document in range(len(starts) - 1):
        held = np.sort(tokens[starts[document] : starts[document + 1]])
        i = 0
        while i < len(held):
            j = i
            while j < len(held) and held[j] == held[i]:
                j += 1
            terms[at] = held[i]
            counts[at] = min(j - i, 65535)
            at += 1
            i = j
        begins[document + 1] = at
    return begins, terms[:at].copy(), counts[:at].copy()


@compiled
def take_documents(
    starts: Int64s, terms: Int32s, counts: NDArray[np.uint16], documents: Int64s
) -> tuple[Int64s, Int32s, NDArray[np.uint16]]:
    """The same lists for these documents only, in that order."""
    new_starts = np.zeros(len(documents) + 1, np.int64)
    for number in range(len(documents)):
        document = documents[number]
        new_starts[number + 1] = new_starts[number] + starts[document + 1] - starts[document]
    new_terms = np.empty(new_starts[-1], np.int32)
    new_counts = np.empty(new_starts[-1], np.uint16)
    for number in range(len(documents)):
        begin = starts[documents[number]]
        shift = new_starts[number] - begin
        for i in range(begin, starts[documents[number] + 1]):
            new_terms[i + shift] = terms[i]
            new_counts[i + shift] = counts[i]
    return new_starts, new_terms, new_counts


@compiled
def invert(
    starts: Int64s,
    terms: Int32s,
    counts: NDArray[np.uint16],
    norms: Float64s,
    k1: float,
    vocabulary: int,
) -> tuple[Int32s, Int64s, NDArray[np.uint32], Float32s, Float32s]:
    """Postings by term: terms [u] ascending, runs [u + 1], documents and saturations, peaks [u].

    A saturation is tf (k1 + 1) / (tf + norm); a peak is the greatest of a term. A counting sort:
    documents come out ascending.
    """
    heads = np.zeros(vocabulary + 1, np.int64)
    for term in terms:
        heads[term + 1] += 1
    distinct = 0
    for term in range(vocabulary):
        if heads[term + 1]:
            distinct += 1
    held = np.empty(distinct, np.int32)
    runs = np.zeros(distinct + 1, np.int64)
    places = np.empty(vocabulary, np.int32)
    number = 0
    for term in range(vocabulary):
        if heads[term + 1]:
            held[number] = term
            places[term] = number
            runs[number + 1] = runs[number] + heads[term + 1]
            number += 1
    documents = np.empty(len(terms), np.uint32)
    saturations = np.empty(len(terms), np.float32)
    peaks = np.zeros(distinct, np.float32)
    free = runs[:-1].copy()
    for document in range(len(starts) - 1):
        for i in range(starts[document], starts[document + 1]):
            place = places[terms[i]]
            tf = np.float64(counts[i])
            saturation = np.float32(tf * (k1 + 1) / (tf + norms[document]))
            documents[free[place]] = document
            saturations[free[place]] = saturation
            free[place] += 1
            if saturation > peaks[place]:
                peaks[place] = saturation
    return held, runs, documents, saturations, peaks
