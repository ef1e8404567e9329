"""Ranges of bins, and the end held out for validation."""

from pathlib import Path

import numpy as np
import pytest

from wholefield.flow.sequences import open_bins, split_in_time


def test_the_end_is_kept(recording_file: Path) -> None:
    with open_bins(recording_file, "histo", 10_000) as source:
        training, validation = split_in_time(source, 0.2, 2)
        assert (training.bins, validation.bins, validation.start) == (8, 2, 8)
        np.testing.assert_array_equal(validation.read(0, 2).features, source.read(8, 2).features)
        assert split_in_time(source, 0.1, 10)[1].bins == 0
        assert split_in_time(source, 0.01, 5)[1].bins == 5


@pytest.mark.parametrize("kind", ["recording_file", "feature_file"])
def test_a_place_has_events(kind: str, request: pytest.FixtureRequest) -> None:
    random = np.random.default_rng(0)
    with open_bins(request.getfixturevalue(kind), "event_cube", 10_000) as source:
        for _ in range(20):
            place = split_in_time(source, 0.5, 5)[1].place(2, 1, random)
            assert place is not None
            assert source.read(7, 1).features[0, :, place[1], place[0]].any()
