"""The U-Net: any size in, the same size out; streamed in 2-D and 3-D; it learns a mask."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from tests.parts import gradients, part
from wholefield.networks import calibrate_normalization, unet
from wholefield.networks.normalization import freeze_normalization
from wholefield.streaming import Streamed


@pytest.mark.parametrize("size", [(64, 64), (1, 37), (101, 83), (33, 47)])
def test_keeps_any_size(size: tuple[int, int]) -> None:
    net = unet(1, 3, width=2, depth=4).eval()
    assert net(torch.zeros(2, 1, *size)).shape == (2, 3, *size)


@pytest.mark.parametrize(
    ("axes", "size", "tile"), [(2, (71, 93), 24), (2, (40, 64), 17), (3, (13, 22, 19), 8)]
)
def test_streamed_equals_plain(axes: int, size: tuple[int, ...], tile: int) -> None:
    torch.manual_seed(0)
    net = unet(2, 3, axes=axes, width=3, depth=2).double()
    calibrate_normalization(net, [torch.rand(1, 2, *size, dtype=torch.float64)])
    image = torch.rand(1, 2, *size, dtype=torch.float64)
    results = []
    for network in (net, Streamed(net, tile)):
        logits = network(image)
        logits.square().sum().backward()
        results.append((logits.detach(), gradients(net)))
        net.zero_grad()
    (plain, expected), (streamed, found) = results
    torch.testing.assert_close(streamed, plain, rtol=1e-11, atol=1e-12)
    for name, value in expected.items():
        torch.testing.assert_close(
            found[name], value, rtol=1e-9, atol=1e-11 * float(value.abs().max()), msg=name
        )


def test_learns_a_mask() -> None:
    torch.manual_seed(1)
    net = unet(1, 2, width=8, depth=2)
    image = torch.rand(1, 1, 48, 50)
    mask = (torch.nn.functional.avg_pool2d(image, 5, 1, 2) > 0.5)[:, 0].long()
    calibrate_normalization(net, [image])
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    losses = []
    for _ in range(40):
        loss = cross_entropy(net(image), mask)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.4 * losses[0]


def test_weights_can_be_taken_over() -> None:
    torch.manual_seed(2)
    state = unet(1, 2, width=2, depth=1).state_dict()
    other = unet(1, 5, width=2, depth=1, weights=state)
    assert torch.equal(part(other, "down.0.0.weight"), state["down.0.0.weight"])
    assert other.last.weight.shape[0] == 5
    assert freeze_normalization(other) is other
