"""Adapter files in and out, one format a file; never a running model."""
