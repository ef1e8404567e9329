"""Sizes and events that cannot be binned are named."""

from typing import Any

import pytest

from wholefield.errors import SettingError
from wholefield.flow.representations import (
    diff,
    histo,
)


def test_wrong_sizes_are_named(recording: Any) -> None:
    events = recording.all_events
    with pytest.raises(SettingError, match="delta_t is 0"):
        histo(events, 1, 0, 23, 37)
    with pytest.raises(SettingError, match="downsampling_factor is -1"):
        histo(events, 1, 10, 23, 37, -1)
    with pytest.raises(SettingError, match="max_incr_per_pixel is 0"):
        diff(events, 1, 10, 23, 37, max_incr_per_pixel=0)
    with pytest.raises(SettingError, match="t is missing"):
        histo(events[["x", "y", "p"]], 1, 10, 23, 37)
