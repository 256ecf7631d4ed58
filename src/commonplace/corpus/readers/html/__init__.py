"""Web pages and EPUB; never the store."""
