"""`plan demo`: invented regions; never a decision."""
