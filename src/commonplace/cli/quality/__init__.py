"""`evaluate` and `judge`; never a measure."""
