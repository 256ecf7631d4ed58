"""Lance tables, commits, snapshots and upkeep; never a format."""
