"""What a job puts on the network; never a placement."""
