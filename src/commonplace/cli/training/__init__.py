"""`adapt` and `runs`; never a training loop."""
