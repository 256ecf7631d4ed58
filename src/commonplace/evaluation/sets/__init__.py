"""Sets of questions with what answers them; never a measure."""
