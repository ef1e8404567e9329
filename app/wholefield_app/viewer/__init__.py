"""What is looked at: slides, stacks and recordings, and what their views have in common."""
