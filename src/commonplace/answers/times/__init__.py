"""What time a question asks for, when notes were stated, and which holds; never a score."""
