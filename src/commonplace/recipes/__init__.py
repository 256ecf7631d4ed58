"""What is trained on what, and when it stops; takes material with its hashes, never the library."""
