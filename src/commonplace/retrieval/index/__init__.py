"""BM25, postings, vectors as bytes and the accelerator; never a query's words."""
