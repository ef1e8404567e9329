"""Representations: events become frames (time bin, channel, row, column) that networks read."""

from wholefield.flow.representations.diff import diff
from wholefield.flow.representations.event_cube import CUBE_MAX_INCR, cube_channels, event_cube
from wholefield.flow.representations.grid import MICRO_BINS, Events, Features, Grid
from wholefield.flow.representations.histo import MAX_INCR, histo
from wholefield.flow.representations.registry import (
    PREPROCESSORS,
    EventSource,
    Preprocessor,
    SizedEventSource,
    make_features,
    preprocessor,
    register,
)
from wholefield.flow.representations.timesurface import multi_channel_timesurface, timesurface
from wholefield.flow.representations.visualize import (
    filter_outliers,
    viz_diff,
    viz_event_cube_rgb,
    viz_histo,
    viz_multichannel_timesurface,
    viz_timesurface,
)

register(
    "event_cube",
    event_cube,
    lambda given: cube_channels(given["num_utbins"], given["split_polarity"]),
    viz_event_cube_rgb,
    num_utbins=MICRO_BINS,
    split_polarity=True,
    max_incr_per_pixel=CUBE_MAX_INCR,
)
register("histo", histo, lambda given: 2, viz_histo, max_incr_per_pixel=MAX_INCR)
register("diff", diff, lambda given: 1, viz_diff, max_incr_per_pixel=MAX_INCR)
register(
    "timesurface",
    timesurface,
    lambda given: 2 if given["split_polarity"] else 1,
    viz_timesurface,
    normed=True,
    split_polarity=True,
)
register(
    "multi_channel_timesurface",
    multi_channel_timesurface,
    lambda given: 2 * given["num_utbins"],
    viz_multichannel_timesurface,
    num_utbins=MICRO_BINS,
    normed=True,
)

__all__ = [
    "PREPROCESSORS",
    "EventSource",
    "Events",
    "Features",
    "Grid",
    "Preprocessor",
    "SizedEventSource",
    "cube_channels",
    "diff",
    "event_cube",
    "filter_outliers",
    "histo",
    "make_features",
    "multi_channel_timesurface",
    "preprocessor",
    "register",
    "timesurface",
    "viz_diff",
    "viz_event_cube_rgb",
    "viz_histo",
    "viz_multichannel_timesurface",
    "viz_timesurface",
]
