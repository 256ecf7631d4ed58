"""What can be had, where it lies, how it is fetched and verified; never a network."""
