"""Published architectures from their own packages, with random weights: what streams, and whether it is equal."""
