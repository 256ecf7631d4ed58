"""`commonplace adapter` and its verbs; never what they compute."""
