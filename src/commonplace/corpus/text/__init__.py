"""What text is: terms, sentences, passages, links and URLs; never bytes, never a table."""
