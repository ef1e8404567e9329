"""What can be done with slides, stacks and recordings: a registry, and for each task what only it has."""
