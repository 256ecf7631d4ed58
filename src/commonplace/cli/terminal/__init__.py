"""All that reaches the screen; never an option."""
