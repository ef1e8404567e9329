"""Folders of slices: which pictures are the slices of one stack, in which order, and what lies beside them."""
