"""The encoder, the cross-encoder and late interaction, with their tokens; never a ranking."""
