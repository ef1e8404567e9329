"""Networks over stacks of any size: slab by slab and window by window."""
