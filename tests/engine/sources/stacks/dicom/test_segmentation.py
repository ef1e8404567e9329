"""Segmentations of volumes: every voxel against labels that were cut into frames here."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from pydicom.dataset import Dataset, FileDataset
from pydicom.sequence import Sequence

from tests.engine.sources.stacks.dicom.dicom_files import dataset, saved, write_series
from wholefield.errors import SourceError
from wholefield.sources import open_stack
from wholefield.sources.stacks.stack import AnyArray

NAMES = {1: "Liver", 2: "Kidney", 5: "Spleen"}


def item(**values: Any) -> Dataset:
    """A data set of some values; those that are data sets become sequences of one item."""
    found = Dataset()
    for name, value in values.items():
        setattr(found, name, Sequence([value]) if isinstance(value, Dataset) else value)
    return found


def segmentation(
    masks: dict[tuple[int, int], AnyArray], kind: str = "BINARY", step: float = 2.0, **tags: Any
) -> FileDataset:
    """A segmentation of frames by (segment, slice), each of 0 and 1 (or fractions of 255)."""
    (frame, *_rest) = masks.values()
    stack = np.stack(list(masks.values()))
    binary = kind == "BINARY"
    data = np.packbits(stack, bitorder="little").tobytes() if binary else stack.astype(np.uint8).tobytes()
    bits = 1 if binary else 8
    image = dataset(
        frame.astype(np.uint8), Modality="SEG", NumberOfFrames=len(masks), BitsAllocated=bits, BitsStored=bits,
        HighBit=bits - 1, PixelData=data, SegmentationType=kind, SeriesInstanceUID="9.9", MaximumFractionalValue=255,
        PixelSpacing=None, SliceThickness=None, ImageOrientationPatient=None, **tags,
    )  # fmt: skip
    image.SegmentSequence = Sequence(
        [item(SegmentNumber=number, SegmentLabel=name) for number, name in NAMES.items()]
    )
    image.SharedFunctionalGroupsSequence = Sequence(
        [
            item(
                PixelMeasuresSequence=item(PixelSpacing=[0.5, 0.25], SliceThickness=step),
                PlaneOrientationSequence=item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0]),
            )
        ]
    )
    image.PerFrameFunctionalGroupsSequence = Sequence(
        [
            item(
                PlanePositionSequence=item(ImagePositionPatient=[10, -20, 5 + step * z]),
                SegmentIdentificationSequence=item(ReferencedSegmentNumber=number),
            )
            for number, z in masks
        ]
    )
    return image


def frames_of(labels: AnyArray, value: int = 1) -> dict[tuple[int, int], AnyArray]:
    """The frames of labels that are not empty, segment by segment."""
    return {
        (number, z): (plane == number) * np.uint8(value)
        for number in NAMES
        for z, plane in enumerate(labels)
        if (plane == number).any()
    }


def labels_of(depth: int = 6) -> AnyArray:
    return np.random.default_rng(depth).choice([0, 0, 1, 2, 5], (depth, 9, 12)).astype(np.uint8)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["BINARY", "FRACTIONAL"]))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_labels_come_back(tmp_path_factory: pytest.TempPathFactory, seed: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    labels = random.choice([0, 1, 2, 5], (5, 4, 3), p=[0.7, 0.1, 0.1, 0.1]).astype(np.uint8)
    labels[random.integers(1, 4, 3)] = 0
    # The ends are never empty, so that the stack reaches from one to the other.
    labels[0, 0, 0] = labels[-1, 0, 0] = 5
    path = tmp_path_factory.mktemp("seg") / "labels.dcm"
    with open_stack(
        saved(segmentation(frames_of(labels, 255 if kind == "FRACTIONAL" else 1), kind), path)
    ) as stack:
        np.testing.assert_array_equal(stack.read(), labels)
        assert stack.dtype == np.uint8


def test_names_geometry_and_empty_slices(tmp_path: Path) -> None:
    labels = labels_of()
    labels[2] = 0
    with open_stack(saved(segmentation(frames_of(labels)), tmp_path / "labels.dcm")) as stack:
        assert stack.format_name == "DICOM segmentation"
        assert {name: text for name, text in stack.metadata.items() if name.startswith("Label")} == {
            "Label 1": "Liver", "Label 2": "Kidney", "Label 5": "Spleen",
        }  # fmt: skip
        assert stack.geometry.spacing == (2.0, 0.5, 0.25)
        np.testing.assert_array_equal(stack.read(), labels)
        assert stack.warnings == ()


def test_labels_have_the_slices_of_their_series(tmp_path: Path) -> None:
    """Only the middle is labeled; the labels of a training have to be as deep as its images."""
    labels = np.zeros((6, 9, 12), np.uint8)
    labels[2:4, 3:5, 4:7] = 2
    write_series(tmp_path, np.zeros((6, 9, 12), np.int16), SeriesInstanceUID="7.7")
    referenced = Sequence([item(SeriesInstanceUID="7.7")])
    image = segmentation(frames_of(labels), ReferencedSeriesSequence=referenced)
    path = saved(image, tmp_path / "labels.dcm")
    with open_stack(path) as stack, open_stack(tmp_path / "IM0001") as scan:
        assert stack.shape == scan.shape
        assert stack.geometry == scan.geometry
        np.testing.assert_array_equal(stack.read(), labels)
    with open_stack(tmp_path) as scan:
        assert scan.dtype == np.int16
        assert "The others are left out: unnamed series, SEG, 2 slices" in scan.warnings[0]


def test_overlap_and_fractions_are_told(tmp_path: Path) -> None:
    mask = np.full((9, 12), 127, np.uint8)
    mask[:4] = 128
    masks = {(1, 0): mask, (2, 0): np.roll(mask, 2, axis=0)}
    image = segmentation(masks, "FRACTIONAL", SegmentsOverlap="YES")
    with open_stack(saved(image, tmp_path / "a")) as stack:
        rows = stack.read()[0, :, 0]
        assert rows.tolist() == [1, 1, 2, 2, 2, 2, 0, 0, 0]
        assert [text.split(";")[0] for text in stack.warnings] == [
            "Segments overlap", "The file has fractions of segments",
        ]  # fmt: skip


def test_a_map_of_labels(tmp_path: Path) -> None:
    labels = labels_of(3)
    masks = {(0, z): plane for z, plane in enumerate(labels)}
    image = segmentation(masks, "LABELMAP")
    with open_stack(saved(image, tmp_path / "a")) as stack:
        np.testing.assert_array_equal(stack.read(), labels)


def test_numbers_that_no_segment_can_have(tmp_path: Path) -> None:
    image = segmentation(frames_of(labels_of()))
    image.SegmentSequence[0]["SegmentNumber"].VR = "UL"
    image.SegmentSequence[0].SegmentNumber = 70000
    with pytest.raises(SourceError, match=r"damaged .it has segments with the numbers"):
        open_stack(saved(image, tmp_path / "a"))
