"""Open anything: slides, pictures, pyramids, stacks and recordings become lazily read arrays with metadata."""

from wholefield.sources.display import ChannelDisplay, default_display, to_display
from wholefield.sources.image import ChannelLook, ImageSource, Level
from wholefield.sources.kinds import Kind, kind_of
from wholefield.sources.opening import file_filter, open_image, open_source, recording_filter, stack_filter
from wholefield.sources.recording import EVENT_DTYPE, RECORDING_SUFFIXES, Recording, open_recording
from wholefield.sources.stack import DatasetInfo, StackGeometry, StackSource
from wholefield.sources.stack_opening import list_datasets, open_stack
from wholefield.sources.suffixes import SLIDE_SUFFIXES, STACK_SUFFIXES

__all__ = [
    "EVENT_DTYPE",
    "RECORDING_SUFFIXES",
    "SLIDE_SUFFIXES",
    "STACK_SUFFIXES",
    "ChannelDisplay",
    "ChannelLook",
    "DatasetInfo",
    "ImageSource",
    "Kind",
    "Level",
    "Recording",
    "StackGeometry",
    "StackSource",
    "default_display",
    "file_filter",
    "kind_of",
    "list_datasets",
    "open_image",
    "open_recording",
    "open_source",
    "open_stack",
    "recording_filter",
    "stack_filter",
    "to_display",
]
