"""What is looked up without ranking: places, `status`, the reading list; never a score."""
