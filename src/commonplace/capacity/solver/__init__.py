"""Programmes as arrays, and the one place that believes HiGHS; never a site or a month."""
