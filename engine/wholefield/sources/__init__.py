"""Open anything: slides, pictures, pyramids, stacks and recordings become lazily read arrays with metadata."""

from wholefield.sources.events.formats import RECORDING_SUFFIXES
from wholefield.sources.events.opening import open_recording
from wholefield.sources.events.recording import EVENT_DTYPE, Recording
from wholefield.sources.kinds import SLIDE_SUFFIXES, STACK_SUFFIXES, Kind, kind_of
from wholefield.sources.opening import file_filter, open_source, recording_filter, stack_filter
from wholefield.sources.slides.display import ChannelDisplay, default_display, to_display
from wholefield.sources.slides.image import ChannelLook, ImageSource, Level
from wholefield.sources.slides.opening import open_image
from wholefield.sources.stacks.geometry import StackGeometry
from wholefield.sources.stacks.opening import list_datasets, open_stack
from wholefield.sources.stacks.stack import DatasetInfo, StackSource

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
