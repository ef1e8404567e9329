"""The kinds of sources, each with a workspace of its own in the window."""

from enum import StrEnum


class Kind(StrEnum):
    """What is shown in one workspace."""

    IMAGE = "image"
    STACK = "stack"
    RECORDING = "recording"


NOUNS = {Kind.IMAGE: "slide or picture", Kind.STACK: "stack", Kind.RECORDING: "recording"}
"""What sentences call a source of each kind."""
