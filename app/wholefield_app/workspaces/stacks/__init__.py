"""The stacks workspace: look at CT stacks, train mixed-scale dense networks on them, predict, compare, export."""
