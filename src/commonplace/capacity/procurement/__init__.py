"""`plan order`: what to order for projects that stand; never where they stand."""
