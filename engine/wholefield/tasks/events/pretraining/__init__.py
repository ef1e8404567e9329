"""The training of the flow networks that ship: on simulated scenes of great variety, made while it trains."""
