"""What a language model wears while it writes, without torch; never training."""
