"""The way of pixels into a network: device, element type, scale."""

import pytest
import torch
from torch import Tensor

from wholefield.compat.lightstream.core.pixels import Intake, PreparedImage, in_memory, per_channel

CPU = torch.device("cpu")
MEAN, STD = torch.tensor([0.5, 0.25]), torch.tensor([0.5, 2.0])


@pytest.mark.parametrize(
    ("dtype", "largest"), [(torch.uint8, 255), (torch.int16, 2**15 - 1), (torch.float32, 1)]
)
def test_integers_are_brought_to_one_before_the_scale(dtype: torch.dtype, largest: int) -> None:
    pixels = torch.full((1, 2, 3, 4), largest).to(dtype)
    found = Intake(CPU, torch.float64, (MEAN, STD))(pixels)
    assert found.dtype is torch.float64
    assert torch.allclose(found[0, 0], torch.tensor(1.0, dtype=torch.float64))
    assert torch.allclose(found[0, 1], torch.tensor(0.375, dtype=torch.float64))


def test_a_scale_may_have_the_shape_of_an_image() -> None:
    pixels = torch.rand(1, 2, 3, 4)
    shaped = Intake(CPU, torch.float32, (MEAN[:, None, None], STD[:, None, None]))
    assert torch.equal(shaped(pixels), Intake(CPU, torch.float32, (MEAN, STD))(pixels))


def test_what_fits_is_left_alone() -> None:
    pixels = torch.rand(1, 2, 3, 4)
    intake = Intake(CPU, torch.float32, None)
    assert not intake.changes(pixels)
    assert intake(pixels) is pixels
    assert intake.changes(pixels.double())
    assert Intake(CPU, torch.float32, (MEAN, STD)).changes(pixels)


class Stored:
    """An image that is read box by box."""

    def __init__(self, pixels: Tensor) -> None:
        self.pixels = pixels
        self.shape, self.dtype, self.device = pixels.shape, pixels.dtype, pixels.device

    def read(self, spans: tuple[tuple[int, int], ...]) -> Tensor:
        (top, bottom), (left, right) = spans
        return self.pixels[:, :, top:bottom, left:right]


def test_boxes_are_prepared_like_the_whole() -> None:
    pixels = torch.randint(0, 256, (1, 2, 9, 8), dtype=torch.uint8)
    intake = Intake(CPU, torch.float32, (MEAN, STD))
    prepared = PreparedImage(Stored(pixels), intake)
    assert prepared.dtype is torch.float32
    assert torch.equal(prepared.read(((2, 5), (1, 8))), intake(pixels)[:, :, 2:5, 1:8])
    assert torch.equal(in_memory(Stored(pixels)), pixels)
    assert in_memory(pixels) is pixels


def test_values_per_channel() -> None:
    assert per_channel(None, (0.1, 0.2)).tolist() == [0.1, 0.2]
    assert per_channel(torch.tensor([[[1.0]], [[2.0]]]), (0.0,)).tolist() == [1.0, 2.0]
