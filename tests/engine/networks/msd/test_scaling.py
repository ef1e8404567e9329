"""Mean and deviation of images that come one by one, and scaling as a convolution."""

import pytest
import torch

from wholefield.networks.msd.errors import InputError
from wholefield.networks.msd.scaling import (
    Moments,
    denormalize_output,
    filled,
    normalize_input,
    scaling_module,
    set_scaling,
)


def test_moments_equal_those_of_all_values_together() -> None:
    parts = [torch.randn(1, 1, n, 3) + n for n in (1, 5, 40)]
    moments = Moments()
    for part in parts:
        moments.add(part)
    values = torch.cat([part.flatten() for part in parts]).double()
    assert moments.mean == pytest.approx(values.mean().item(), rel=1e-12)
    assert moments.std == pytest.approx(values.std(correction=0).item(), rel=1e-12)


def test_moments_far_from_zero_keep_their_digits() -> None:
    moments = Moments()
    for part in (
        torch.tensor([1e8, 1e8 + 1.0], dtype=torch.float64),
        torch.tensor([1e8 + 2.0, 1e8 + 2.0], dtype=torch.float64),
    ):
        moments.add(part)
    assert moments.mean == pytest.approx(1e8 + 1.25, rel=1e-15)
    assert moments.std == pytest.approx(0.6875**0.5, rel=1e-7)


def test_without_images_there_is_no_deviation() -> None:
    with pytest.raises(InputError, match="no images"):
        _ = Moments().std


def test_what_is_normalized_and_denormalized_is_as_it_was() -> None:
    image, moments = 40 + 5 * torch.randn(1, 2, 6, 7), Moments()
    moments.add(image)
    there, back = scaling_module(2, 2), scaling_module(2, 2)
    normalize_input(there, moments)
    denormalize_output(back, moments)
    assert abs(there(image).mean()) < 1e-5
    torch.testing.assert_close(back(there(image)), image)


@pytest.mark.parametrize("conv3d", [False, True])
def test_scaling_scales_every_channel_alike(conv3d: bool) -> None:
    module = scaling_module(2, 2, conv3d=conv3d)
    image = torch.randn(1, 2, *(3,) * (3 if conv3d else 2))
    assert torch.equal(module(image), image)
    set_scaling(module, 2.0, -1.0)
    torch.testing.assert_close(module(image), 2 * image - 1)


def test_what_is_not_finite_has_no_moments_and_becomes_the_mean() -> None:
    moments = Moments()
    for image in (torch.tensor([1.0, torch.nan, 3.0]), torch.tensor([torch.inf]), torch.tensor([5.0])):
        moments.add(image)
    assert (moments.count, moments.mean) == (3, 3.0)
    module = scaling_module(2, 2)
    normalize_input(module, moments)
    image = torch.tensor([[1.0, torch.nan], [-torch.inf, 5.0]]).reshape(1, 2, 1, 2)
    assert filled(module, image).flatten().tolist() == pytest.approx([1.0, 3.0, 3.0, 5.0])
    assert module(filled(module, image)).flatten()[1:3].tolist() == pytest.approx([0.0, 0.0], abs=1e-6)
    whole = torch.ones(3)
    assert filled(module, whole) is whole
