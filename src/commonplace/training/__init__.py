"""One loop for everything that is trained here: see docs/training.md. Needs torch."""
