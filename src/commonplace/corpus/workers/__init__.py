"""Hostile files read in processes of their own; never the store."""
