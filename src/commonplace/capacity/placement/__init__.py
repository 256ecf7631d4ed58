"""`plan make`: where and when projects stand, and why; never how it is printed."""
