"""Word files; never the store."""
