"""The command line: one file for each verb; parses, calls `Library`, prints; holds no logic."""

from commonplace.cli._program import main, program

__all__ = ["main", "program"]
