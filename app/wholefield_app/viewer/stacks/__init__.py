"""The view of stacks: three linked planes, and which values are black and white in them."""
