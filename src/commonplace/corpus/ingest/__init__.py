"""`add`: find, read and commit, then encode what has no vector; never a format."""
