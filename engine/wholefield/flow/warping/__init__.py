"""Moving images and events along a flow: backward warping, images of warped events, splatting."""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.flow.warping.backward import (
        Warping as Warping,
        warp as warp,
        warp_channels as warp_channels,
        warp_sequence as warp_sequence,
    )
    from wholefield.flow.warping.events import (
        Trajectory as Trajectory,
        image_of_warped_events as image_of_warped_events,
        splat as splat,
        warp_events as warp_events,
    )

__getattr__, __all__ = lazy_names(__name__, __file__)
