"""`plan check`: what breaks, what is stranded, what would mend it; never a choice."""
