"""Published networks used on stacks."""
