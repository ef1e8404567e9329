"""Files of many frames, described by functional groups (PS3.3, section C.7.6.16)."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence

from tests.engine.sources.stacks.dicom.dicom_files import dataset, saved
from wholefield.sources import open_stack
from wholefield.sources.dicom import frames as frames_module
from wholefield.sources.stacks.dicom.opening import dicom_questions
from wholefield.sources.stacks.stack import AnyArray


def group(**sequences: dict[str, Any]) -> Dataset:
    """A functional group: one item in each of its sequences."""
    found = Dataset()
    for name, values in sequences.items():
        inner = Dataset()
        for key, value in values.items():
            setattr(inner, key, value)
        setattr(found, name, Sequence([inner]))
    return found


def enhanced(frames: AnyArray, groups: list[Dataset], **tags: Any) -> FileDataset:
    """A file of frames with a group for each; orientation and spacing are shared."""
    image = dataset(
        frames[0], NumberOfFrames=len(frames), PixelData=frames.tobytes(), PixelSpacing=None, SliceThickness=None,
        ImageOrientationPatient=None, **tags,
    )  # fmt: skip
    image.SharedFunctionalGroupsSequence = Sequence(
        [
            group(
                PlaneOrientationSequence={"ImageOrientationPatient": [1, 0, 0, 0, 1, 0]},
                PixelMeasuresSequence={"PixelSpacing": [0.5, 0.25], "SliceThickness": 3},
            )
        ]
    )
    image.PerFrameFunctionalGroupsSequence = Sequence(groups)
    return image


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(2, 4))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_frames_in_any_order_become_times_and_slices(
    tmp_path_factory: pytest.TempPathFactory, seed: int, times: int, depth: int
) -> None:
    random = np.random.default_rng(seed)
    voxels = random.integers(0, 4096, (times, depth, 3, 4)).astype(np.uint16)
    slopes = random.choice([0.5, 1.0, 2.0], (times, depth))
    order = random.permutation(times * depth)
    groups = [
        group(
            PlanePositionSequence={"ImagePositionPatient": [1, 2, 2.5 * (index % depth)]},
            FrameContentSequence={"TemporalPositionIndex": int(index // depth) + 1},
            PixelValueTransformationSequence={
                "RescaleSlope": float(slopes[index // depth, index % depth]), "RescaleIntercept": -10,
            },
        )
        for index in order
    ]  # fmt: skip
    frames = voxels.reshape(-1, 3, 4)[order]
    path = tmp_path_factory.mktemp("enhanced") / "a.dcm"
    with open_stack(saved(enhanced(frames, groups), path)) as stack:
        assert (stack.times, stack.shape) == (times, (depth, 3, 4))
        assert stack.geometry.spacing == (2.5, 0.5, 0.25)
        for time in range(times):
            with stack.at_time(time) as each:
                np.testing.assert_array_equal(each.read(), voxels[time] * slopes[time][:, None, None] - 10)


def test_stacks_of_one_file_are_chosen(tmp_path: Path) -> None:
    frames = np.arange(7 * 12, dtype=np.uint16).reshape(7, 3, 4)
    groups = [
        group(
            PlanePositionSequence={"ImagePositionPatient": [0, 0, index]},
            FrameContentSequence={"StackID": "1" if index < 4 else "2"},
        )
        for index in range(7)
    ]
    path = saved(enhanced(frames, groups), tmp_path / "a.dcm")
    (question,) = dicom_questions(path)
    assert [answer.value for answer in question.answers] == ["1.2.3", "1.2.3/2"]
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.read(), frames[:4])
    with open_stack(path, reading="series=1.2.3/2") as stack:
        np.testing.assert_array_equal(stack.read(), frames[4:])


def test_frames_that_the_header_does_not_describe(tmp_path: Path) -> None:
    frames = np.arange(5 * 12, dtype=np.uint16).reshape(5, 3, 4)
    groups = [group(PlanePositionSequence={"ImagePositionPatient": [0, 0, index]}) for index in range(3)]
    with open_stack(saved(enhanced(frames, groups), tmp_path / "a.dcm")) as stack:
        np.testing.assert_array_equal(stack.read(), frames[:3])
        assert any("describes fewer frames than the file holds" in told for told in stack.warnings)
        assert "The others are left out" in stack.warnings[0]


def test_only_the_wanted_frame_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of hundreds of frames is not read as a whole for each of its planes."""
    frames = np.arange(50 * 64 * 64, dtype=np.uint16).reshape(50, 64, 64)
    groups = [group(PlanePositionSequence={"ImagePositionPatient": [0, 0, index]}) for index in range(50)]
    path = saved(enhanced(frames, groups), tmp_path / "a.dcm")
    with open_stack(path) as stack:
        size = path.stat().st_size
        sizes: list[int] = []
        whole = frames_module.frame_bytes

        def counted(*arguments: Any) -> bytes:
            data = whole(*arguments)
            sizes.append(len(data))
            return data

        monkeypatch.setattr(frames_module, "frame_bytes", counted)
        np.testing.assert_array_equal(stack.plane(0, 30), frames[30])
        assert sizes == [64 * 64 * 2]
        assert size > 50 * sizes[0]
