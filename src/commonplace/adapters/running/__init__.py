"""Adapters on a model in memory: create, attach, swap, merge, train; never a file format."""
