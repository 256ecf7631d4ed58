"""Readers: from the bytes of one file to a `Document`."""

from commonplace.corpus.readers._registry import KIND_BY_SUFFIX, read_document

__all__ = ["KIND_BY_SUFFIX", "read_document"]
