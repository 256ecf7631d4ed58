"""Notes, code, notebooks and other plain text; never the store."""
