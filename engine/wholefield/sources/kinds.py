"""The kinds of files: sources, each with a workspace of its own in the window, and models that are used on them."""

from enum import StrEnum


class Kind(StrEnum):
    """What a file is opened as."""

    IMAGE = "image"
    STACK = "stack"
    RECORDING = "recording"
    MODEL = "model"


SOURCES = (Kind.IMAGE, Kind.STACK, Kind.RECORDING)
"""The kinds that are looked at."""

NOUNS = {
    Kind.IMAGE: "slide or picture",
    Kind.STACK: "stack",
    Kind.RECORDING: "recording",
    Kind.MODEL: "model",
}
"""What sentences call a source of each kind."""
