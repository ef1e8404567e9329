"""Labeling in the window: tools, what they draw, the classes, and the files that keep it all."""
