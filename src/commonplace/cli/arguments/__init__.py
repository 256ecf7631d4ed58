"""How a verb is declared and what its arguments mean; never prints."""
