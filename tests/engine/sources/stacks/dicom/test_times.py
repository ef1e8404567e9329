"""Slices in one place: copies are left out, complete times become times, the rest is counted."""

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield.sources.stacks.dicom.slices import MOMENT_NAMES, MOMENTS, Slice
from wholefield.sources.stacks.dicom.times import split_times

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def image(z: float, name: str, instance: str = "", **moments: Any) -> Slice:
    """A slice at a height; moments by the names of tags."""
    known = [tag for tag, _sequence, _label in MOMENTS]
    assert set(moments) <= set(known)
    values = tuple(moments.get(tag) for tag in known)
    return Slice(
        Path(name), 0, 0, (0, 0, z), AXIAL, (0.5, 0.5), 1.0, (1.0, 0.0), instance=instance, moments=values
    )


def places(*groups: list[Slice]) -> list[list[Slice]]:
    return list(groups)


def test_one_slice_a_place_is_one_time() -> None:
    found = split_times(places([image(0, "a", EchoTime=5)], [image(1, "b", EchoTime=9)]))
    assert [[each.path.name for each in time] for time in found.times] == [["a", "b"]]
    assert (found.moment, found.warnings, found.places) == ("", (), (0, 1))


def test_copies_are_left_out_and_told() -> None:
    a, copy, b = image(0, "a", "1.1"), image(0, "copy of a", "1.1"), image(1, "b", "1.2")
    found = split_times(places([a, copy], [b]))
    assert found.times == ((a, b),)
    assert found.warnings == (
        "1 file is a copy of others (same SOPInstanceUID) and left out, such as copy of a.",
    )


def test_instances_without_a_name_are_no_copies() -> None:
    found = split_times(places([image(0, "a"), image(0, "b")], [image(1, "c"), image(1, "d")]))
    assert [[each.path.name for each in time] for time in found.times] == [["a", "c"], ["b", "d"]]
    assert found.moment == "file names"


@pytest.mark.parametrize(
    "tag", ["TemporalPositionIdentifier", "EchoTime", "DiffusionBValue", "AcquisitionNumber"]
)
def test_times_by_a_value_that_all_places_share(tag: str) -> None:
    slices = [image(z, f"{z}{value}", "", **{tag: value}) for z in (0, 1, 2) for value in (10.0, 9.0)]
    for order in permutations(range(2)):
        found = split_times([[slices[2 * z + index] for index in order] for z in range(3)])
        assert [[each.path.name for each in time] for time in found.times] == [
            ["09.0", "19.0", "29.0"], ["010.0", "110.0", "210.0"],
        ]  # fmt: skip
        assert found.moment.endswith(" 9, 10")


def test_times_that_are_not_complete_are_left_out_and_counted() -> None:
    whole = [[image(z, f"{z}{time}", TemporalPositionIndex=time) for time in (1, 2)] for z in range(4)]
    for place in whole[2:]:
        place.append(image(place[0].position[2], "late", TemporalPositionIndex=3))  # type: ignore[index]
    found = split_times(whole)
    assert len(found.times) == 2
    assert found.warnings == (
        "2 slices are left out: not all positions have those of their temporal position. The first is late.",
    )


def test_where_all_times_have_gaps_their_common_places_are_kept() -> None:
    """Never a volume that is of one time here and of another there."""
    made = [[image(z, f"{z}{time}", TemporalPositionIndex=time) for time in (1, 2)] for z in range(9)]
    del made[2][0]
    del made[5][1]
    found = split_times(made)
    assert found.places == (0, 1, 3, 4, 6, 7, 8)
    assert [[each.path.name[1] for each in time] for time in found.times] == [["1"] * 7, ["2"] * 7]
    assert found.warnings[0].startswith("2 slices are left out: not all positions")


def test_measured_trigger_times_give_an_order() -> None:
    made = [
        [image(z, f"{z}{time}", TriggerTime=40 * time + z, InstanceNumber=-time) for time in (1, 0)]
        for z in range(3)
    ]
    found = split_times(made)
    assert [[each.path.name for each in time] for time in found.times] == [
        ["00", "10", "20"],
        ["01", "11", "21"],
    ]
    assert found.moment == "trigger time"


def test_a_seam_of_two_slabs_keeps_the_earlier_slice() -> None:
    """Two acquisitions that share one place are one volume."""
    slabs = [[image(z, f"{z}", AcquisitionNumber=1 + (z > 2), InstanceNumber=z)] for z in range(5)]
    slabs[2].append(image(2, "again", AcquisitionNumber=2, InstanceNumber=9))
    found = split_times(slabs)
    assert [each.path.name for each in found.times[0]] == ["0", "1", "2", "3", "4"]
    (told,) = found.warnings
    assert told.startswith("1 slice is left out, in the same position as others")
    assert told.endswith("The first of them is again.")


@given(st.integers(1, 4), st.integers(1, 5), st.randoms())
def test_every_slice_is_in_one_time_at_its_place(
    times: int, heights: int, random: np.random.Generator
) -> None:
    made = [
        [image(z, f"{z}-{time}", AcquisitionTime=1e5 + 100 * z + time) for time in range(times)]
        for z in range(heights)
    ]
    for place in made:
        random.shuffle(place)
    found = split_times(made)
    assert [[each.path.name for each in time] for time in found.times] == [
        [f"{z}-{time}" for z in range(heights)] for time in range(times)
    ]
    assert found.warnings == ()


def test_moments_have_names() -> None:
    assert len(MOMENT_NAMES) == len(MOMENTS)
