"""Open anything: slides, pictures, pyramids, stacks and recordings become lazily read arrays with metadata."""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.sources.choices import (
        Answer as Answer,
        Question as Question,
        Reading as Reading,
        UnclearFileError as UnclearFileError,
    )
    from wholefield.sources.detection import (
        format_of as format_of,
        kind_of as kind_of,
        kinds_of as kinds_of,
        questions_of as questions_of,
        suffixes_of as suffixes_of,
    )
    from wholefield.sources.events.opening import (
        open_indexed as open_indexed,
        open_recording as open_recording,
    )
    from wholefield.sources.events.recording import (
        EVENT_DTYPE as EVENT_DTYPE,
        Recording as Recording,
    )
    from wholefield.sources.format import Format as Format
    from wholefield.sources.formats import all_formats as all_formats
    from wholefield.sources.kinds import Kind as Kind
    from wholefield.sources.opening import (
        dialog_filter as dialog_filter,
        open_source as open_source,
    )
    from wholefield.sources.rect import (
        Rect as Rect,
    )
    from wholefield.sources.slides.display import (
        ChannelDisplay as ChannelDisplay,
        default_display as default_display,
        to_display as to_display,
    )
    from wholefield.sources.slides.image import (
        ChannelLook as ChannelLook,
        ImageSource as ImageSource,
        Level as Level,
    )
    from wholefield.sources.slides.opening import (
        open_image as open_image,
    )
    from wholefield.sources.slides.slide_image import (
        SlideImage as SlideImage,
    )
    from wholefield.sources.stacks.geometry import (
        StackGeometry as StackGeometry,
    )
    from wholefield.sources.stacks.opening import (
        list_datasets as list_datasets,
        open_stack as open_stack,
    )
    from wholefield.sources.stacks.stack import (
        DatasetInfo as DatasetInfo,
        StackSource as StackSource,
    )

__getattr__, __all__ = lazy_names(__name__, __file__)
