"""Open anything: slides, pictures and pyramids become lazily read arrays with metadata."""

from engine.sources.display import ChannelDisplay, default_display, to_display
from engine.sources.image import ChannelLook, ImageSource, Level
from engine.sources.opening import SLIDE_SUFFIXES, file_filter, open_source

__all__ = [
    "SLIDE_SUFFIXES",
    "ChannelDisplay",
    "ChannelLook",
    "ImageSource",
    "Level",
    "default_display",
    "file_filter",
    "open_source",
    "to_display",
]
