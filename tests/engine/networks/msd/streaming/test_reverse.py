"""The backward pass in strips: every row of the image's gradient once, and sums over several images."""

import torch

from tests.engine.networks.msd.kernel.cases import parameters, with_cat
from wholefield.networks.msd.kernel.autograd import as_parameters
from wholefield.networks.msd.kernel.backward import Wanted
from wholefield.networks.msd.kernel.parameters import Parameters
from wholefield.networks.msd.spec import BlockSpec
from wholefield.networks.msd.streaming.cuts import Cuts
from wholefield.networks.msd.streaming.reverse import ReverseStream
from wholefield.networks.msd.streaming.strips import stream_batch


def test_every_row_comes_once_and_gradients_add_up_over_images() -> None:
    images, bias, weights, each = parameters((2, 1, 23, 9), 4, 1, (1, 3))
    final = torch.linspace(-1, 1, 10, dtype=torch.float64).view(2, 5)
    gradient = torch.randn(2, 2, 23, 9, dtype=torch.float64)
    asked = [images, bias, *weights]
    output = torch.einsum("oc,bchw->bohw", final, with_cat(images, each, bias, weights))
    expected = torch.autograd.grad(output, asked, gradient)

    spec = BlockSpec(1, 1, each)
    with torch.no_grad():
        packed = Parameters.pack(spec, weights, bias)
        cuts = [Cuts(23, 5, spec.margin) for _ in images]
        zeros = final.new_zeros(2)
        stream_batch(images, bias, weights, final, zeros, spec, [each.see for each in cuts])
        stream = ReverseStream(spec, packed, final, (23, 9), 5, Wanted.of(True, True, [True] * 4))
        for index, (image, cut) in enumerate(zip(images, cuts, strict=True)):
            found, times = torch.full_like(image, torch.nan), torch.zeros(23)
            for first, block in stream.run(image, cut, gradient[index]):
                rows = slice(first, first + block.shape[1])
                found[:, rows] = block
                times[rows] += 1
            assert torch.equal(times, torch.ones(23))
            torch.testing.assert_close(found, expected[0][index], rtol=1e-10, atol=1e-10)
        biases, kernels = as_parameters(spec, stream.matrices(), weights, bias)
    for one, other in zip([biases, *kernels], expected[1:], strict=True):
        assert one is not None
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)
