"""Slices as PNG, BMP and JPEG, written by Pillow: their numbers are those that were written."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wholefield.sources import Kind, kind_of, open_stack
from wholefield.sources.stacks.stack import AnyArray


def volume(*shape: int) -> AnyArray:
    return np.random.default_rng(3).integers(0, 250, shape).astype("u1")


def table() -> list[int]:
    """A palette in which no color is the gray of its number."""
    return [(number * step + 7) % 256 for number in range(256) for step in (3, 5, 11)]


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
def test_numbers_are_those_that_were_written(tmp_path: Path, suffix: str, mode: str) -> None:
    voxels = volume(5, 24, 31, 3) if mode == "RGB" else volume(5, 24, 31)
    for index, plane in enumerate(voxels):
        image = Image.fromarray(plane)
        if mode == "P":
            image = Image.fromarray(plane).convert("L")
            image.putpalette(table())
        image.save(tmp_path / f"scan_rec{index:03}{suffix}")
    assert kind_of(tmp_path) is Kind.STACK
    with open_stack(tmp_path) as stack:
        assert stack.format_name == f"Folder of {suffix[1:].upper()} slices"
        np.testing.assert_array_equal(stack.read(), voxels)
        np.testing.assert_array_equal(stack.plane(1, 7), voxels[:, 7])
        assert any("palette=colors" in warning for warning in stack.warnings) == (mode == "P")
    if mode == "P":
        with open_stack(tmp_path, reading="palette=colors") as stack:
            np.testing.assert_array_equal(stack.read(), np.array(table(), "u1").reshape(-1, 3)[voxels])


def test_a_preview_of_nrecon_in_bmp(tmp_path: Path) -> None:
    voxels = volume(4, 24, 24)
    for index, plane in enumerate(voxels):
        Image.fromarray(plane).save(tmp_path / f"scan_rec{index:04}.bmp")
    Image.fromarray(volume(30, 40)).save(tmp_path / "scan_rec_spr.bmp")
    with open_stack(tmp_path) as stack:
        np.testing.assert_array_equal(stack.read(), voxels)
        assert stack.warnings == ("Not among the slices, by their names, are scan_rec_spr.bmp.",)
