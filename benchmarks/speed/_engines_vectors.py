"""Engines for nearest neighbours behind one small interface: inner product, unit vectors."""

from typing import Any, ClassVar, Protocol

import numpy as np

from commonplace.corpus import Vectors
from commonplace.foundation.arrays import Float32s
from commonplace.retrieval.index.codes import Codes


class VectorEngine(Protocol):
    """Vectors are numbered from 0; `add` goes on from there. Raises ImportError if not there."""

    name: ClassVar[str]

    def __init__(self) -> None: ...
    def build(self, vectors: Float32s) -> None: ...
    def search(self, query: Float32s, k: int) -> list[int]: ...
    def add(self, vectors: Float32s) -> None: ...
    def delete(self, vector: int) -> None: ...


class Ours:
    name: ClassVar[str] = "commonplace (exact)"

    def build(self, vectors: Float32s) -> None:
        self._vectors = Vectors(np.arange(len(vectors)), vectors)

    def search(self, query: Float32s, k: int) -> list[int]:
        rows: list[int] = self._vectors.nearest(query, k)[0].tolist()
        return rows

    def add(self, vectors: Float32s) -> None:
        self.build(np.concatenate([self._vectors.matrix, vectors]))

    def delete(self, vector: int) -> None:
        left = self._vectors.rows != vector
        self._vectors = Vectors(self._vectors.rows[left], self._vectors.matrix[left])


class OursAccelerated:
    name: ClassVar[str] = "commonplace, bytes first (exact)"

    def __init__(self) -> None:
        self._codes: Any = None

    def build(self, vectors: Float32s) -> None:
        vectors.flags.writeable = False  # as the mapped ones are
        self._hold(np.arange(len(vectors)), vectors)

    def _hold(self, rows: Any, matrix: Float32s) -> None:
        self._codes = Codes.of(Vectors(rows, matrix), self._codes)

    def search(self, query: Float32s, k: int) -> list[int]:
        rows: list[int] = self._codes.nearest(query, k)[0].tolist()
        return rows

    def add(self, vectors: Float32s) -> None:
        held = self._codes.vectors
        rows = np.arange(len(held.rows) + len(vectors))
        self._hold(rows, np.concatenate([held.matrix, vectors]))

    def delete(self, vector: int) -> None:
        held = self._codes.vectors
        left = held.rows != vector
        self._hold(held.rows[left], held.matrix[left])


class Numpy:
    name: ClassVar[str] = "numpy"

    def build(self, vectors: Float32s) -> None:
        self._matrix = vectors

    def search(self, query: Float32s, k: int) -> list[int]:
        cosines = self._matrix @ query
        best = np.argpartition(cosines, -k)[-k:]
        rows: list[int] = best[np.argsort(-cosines[best])].tolist()
        return rows

    def add(self, vectors: Float32s) -> None:
        self._matrix = np.concatenate([self._matrix, vectors])

    def delete(self, vector: int) -> None:
        self._matrix = np.delete(self._matrix, vector, axis=0)


class FaissFlat:
    name: ClassVar[str] = "faiss, flat (exact)"

    def __init__(self) -> None:
        import faiss

        faiss.omp_set_num_threads(1)
        self._faiss = faiss

    def build(self, vectors: Float32s) -> None:
        self._index: Any = self._faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(vectors)

    def search(self, query: Float32s, k: int) -> list[int]:
        rows: list[int] = self._index.search(query[None], k)[1][0].tolist()
        return rows

    def add(self, vectors: Float32s) -> None:
        self._index.add(vectors)

    def delete(self, vector: int) -> None:
        self._index.remove_ids(np.array([vector], np.int64))


class FaissIVF(FaissFlat):
    name: ClassVar[str] = "faiss, 1,024 lists, 32 probed"

    def build(self, vectors: Float32s) -> None:
        self._index = self._faiss.index_factory(
            vectors.shape[1], "IVF1024,Flat", self._faiss.METRIC_INNER_PRODUCT
        )
        self._index.cp.max_points_per_centroid = 64
        self._index.train(vectors)
        self._index.add(vectors)
        self._index.nprobe = 32


class Usearch:
    name: ClassVar[str] = "usearch, HNSW, f16"

    def __init__(self) -> None:
        import usearch.index

        self._made = usearch.index.Index

    def build(self, vectors: Float32s) -> None:
        self._index = self._made(ndim=vectors.shape[1], metric="ip", dtype="f16")
        self._index.add(np.arange(len(vectors)), vectors, threads=1)
        self._next = len(vectors)

    def search(self, query: Float32s, k: int) -> list[int]:
        rows: list[int] = self._index.search(query, k, threads=1).keys.tolist()
        return rows

    def add(self, vectors: Float32s) -> None:
        self._index.add(np.arange(self._next, self._next + len(vectors)), vectors, threads=1)
        self._next += len(vectors)

    def delete(self, vector: int) -> None:
        self._index.remove(vector)


VECTOR_ENGINES: tuple[type[VectorEngine], ...] = (
    Ours,
    OursAccelerated,
    Numpy,
    FaissFlat,
    FaissIVF,
    Usearch,
)
