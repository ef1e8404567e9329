"""Images of representations."""

from typing import Any

import numpy as np
import pytest

from wholefield.flow.representations import (
    PREPROCESSORS,
    event_cube,
    make_features,
    viz_event_cube_rgb,
)


@pytest.mark.parametrize("name", sorted(PREPROCESSORS))
def test_a_bin_without_events_is_a_plain_picture(name: str) -> None:
    from wholefield.sources.events.recording import EVENT_DTYPE

    features = make_features(np.zeros(0, EVENT_DTYPE), name, 9000, 0, 2, 5, 7)
    assert not features.any()
    assert np.ptp(PREPROCESSORS[name].visualize(features[0])) == 0


def test_an_unsplit_cube_has_a_picture(recording: Any) -> None:
    unsplit = event_cube(recording.all_events, 1, 95_000, 23, 37, split_polarity=False, num_utbins=4)
    assert viz_event_cube_rgb(unsplit[0]).shape == (23, 37, 3)
