"""Lance, imported so that its warnings (for its own developers) do not reach a user's terminal."""

import os

os.environ.setdefault("LANCE_LOG", "error")

import lance

__all__ = ["lance"]
