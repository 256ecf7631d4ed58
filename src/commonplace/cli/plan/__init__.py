"""`commonplace plan` and its verbs; never what they compute."""
