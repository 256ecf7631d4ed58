"""Who may come in: guard, tokens and settings; never a library."""
