"""Layers, low rank, composing, resizing, conflicts and provenance; never a file, never a module."""
