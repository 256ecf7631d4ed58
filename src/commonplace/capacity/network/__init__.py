"""Topology, flows, hoses and failures; never an order."""
