"""The slides workspace: look at slides, train a classifier on them, predict and see where the evidence lies."""
