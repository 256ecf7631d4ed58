"""Where a model runs: machines, network and power planned on one horizon: see docs/capacity.md."""
