"""`plan report`, `plan diff` and tables as CSV; never a decision."""
