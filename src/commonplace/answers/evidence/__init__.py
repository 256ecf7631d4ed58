"""Units of evidence: what of a passage can be quoted, its surroundings, its form in an answer."""
