"""The open thing and what is done with it, said once for slides, stacks and recordings."""
