"""The one type of the functions that long work reports its progress to."""

from collections.abc import Callable

ProgressCallback = Callable[[int, int], None]
"""Called with the steps done and the number of all steps; an exception that it raises stops the work."""
