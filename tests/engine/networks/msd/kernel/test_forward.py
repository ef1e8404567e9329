"""The forward pass in lower precision, and beside rows that are known already."""

import pytest
import torch

from tests.engine.networks.msd.kernel.cases import parameters, with_cat
from wholefield.networks.msd.kernel.autograd import compute
from wholefield.networks.msd.kernel.forward import ForwardPass
from wholefield.networks.msd.kernel.functions import msd_block
from wholefield.networks.msd.kernel.parameters import Parameters
from wholefield.networks.msd.spec import BlockSpec


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.bfloat16, 2e-2)], ids=["float32", "bfloat16"]
)
def test_lower_precision_stays_close(dtype: torch.dtype, tolerance: float) -> None:
    image, bias, weights, each = parameters((1, 2, 21, 18), 12, 1, range(1, 6), dtype)
    wide = [each.detach().double().requires_grad_() for each in (image, bias, *weights)]
    expected = with_cat(wide[0], each, wide[1], wide[2:])
    found = msd_block(image, each, bias, weights)
    assert found.dtype == dtype
    assert (found - expected).norm() <= tolerance * expected.norm()
    gradients = torch.autograd.grad(found.float().square().mean(), [image, bias, *weights])
    references = torch.autograd.grad(expected.square().mean(), wide)
    for gradient, reference in zip(gradients, references, strict=True):
        assert gradient.dtype == dtype
        assert (gradient - reference).norm() <= 4 * tolerance * reference.norm()


def test_known_rows_stay_as_they_are() -> None:
    image, bias, weights, each = parameters((1, 1, 12, 9), 4, 1, (1, 2))
    spec = BlockSpec(1, 1, each, 2, 2)
    with torch.no_grad():
        packed = Parameters.pack(spec, weights, bias)
        computed = compute(spec, [image], packed)
        expected = computed.lease.tensor.clone()
        # Layers are forgotten in the rows between the known ones, and found again.
        images = expected.clone()
        images[2:, :, 3:10] = 0
        ForwardPass(spec, computed.frame, packed, images, (3, 2)).run()
    torch.testing.assert_close(images[:, :, 3:10], expected[:, :, 3:10], rtol=0, atol=1e-12)
    assert torch.equal(images[:, :, :3], expected[:, :, :3])
    assert torch.equal(images[:, :, 10:], expected[:, :, 10:])
