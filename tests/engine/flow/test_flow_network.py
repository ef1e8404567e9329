"""Network, pyramid and losses as one: loss, scale of the features, sharpening."""

from typing import Any

import pytest
import torch

from wholefield.errors import SettingError
from wholefield.flow.flow_network import FlowNetwork, typical
from wholefield.flow.losses import FlowLoss


def network(**options: Any) -> FlowNetwork:
    torch.manual_seed(0)
    return FlowNetwork((2, 6, 16, 20), {"data": 1.0, "bw_deblur": 2.0}, base=2, **options)


def features(bins: int = 2) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.rand(bins, 3, 6, 15, 18) * (torch.rand(bins, 3, 6, 15, 18) > 0.8) * 0.01


def test_documented_parts() -> None:
    net = network()
    assert net.in_channels == 6
    assert len(net.warping_head) == net.pyramid.levels == 3
    assert isinstance(net.criterion, FlowLoss)
    assert net(features())[-1].shape == (2, 3, 2, 15, 18)


def test_loss_is_that_of_the_criterion_on_scaled_features() -> None:
    net, inputs = network(), features()
    flows = net(inputs)
    expected = net.criterion(net.pyramid(inputs / typical(inputs)), flows)
    found = net.compute_loss(inputs, flows)
    assert set(found) == {"data", "bw_deblur"}
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)


def test_the_first_training_batch_sets_the_scale_once_and_it_is_saved() -> None:
    net, inputs = network().eval(), features()
    net(inputs)
    assert float(net.scale) == 0
    net.train()
    net(torch.zeros_like(inputs))
    assert float(net.scale) == 0
    net(inputs)
    first = float(net.scale)
    assert first == pytest.approx(float(inputs[inputs != 0].square().mean().sqrt()))
    net(10 * inputs)
    assert float(net.scale) == first
    other = network()
    other.load_state_dict(net.state_dict())
    assert float(other.scale) == first


class Constant(torch.nn.Module):
    """Stands in for a feature extractor: the same motion everywhere."""

    scales = 3

    def forward(self, inputs: torch.Tensor) -> list[torch.Tensor]:
        bins, batch, _, height, width = inputs.shape
        return [
            torch.tensor([3.0, 0.0])
            .view(1, 1, 2, 1, 1)
            .expand(bins, batch, 2, -(-height // n), -(-width // n))
            / n
            for n in (4, 2, 1)
        ]

    def reset(self, mask: torch.Tensor | None = None) -> None:
        """Nothing to forget."""


@pytest.mark.parametrize("micro_tbin", [0, 1, 2])
def test_sharpening_gathers_a_moving_edge(micro_tbin: int) -> None:
    net = network()
    net.feature_extractor = Constant()  # type: ignore[assignment]
    inputs = torch.zeros(1, 1, 6, 4, 16)
    for micro in range(3):
        inputs[0, 0, 2 * micro, :, 5 + micro] = 1.0
    sharp = net.sharpen(inputs, micro_tbin)[0, 0, ::2]
    assert bool((sharp[:, :, 5 + micro_tbin] > 0.99).all())
    assert float(sharp.sum()) == pytest.approx(12, rel=1e-4)


def test_sharpening_works_at_a_level_and_leaves_the_state_alone() -> None:
    net, inputs = network(), features(1)
    net(inputs)
    net.reset()
    first, second = net(inputs)[-1], net(inputs)[-1]
    net.reset()
    net(inputs)
    assert net.sharpen(inputs, depth_level=0).shape == (1, 3, 6, 4, 5)
    torch.testing.assert_close(net(inputs)[-1], second)
    assert not torch.allclose(first, second)


def test_invalid_values_are_refused() -> None:
    with pytest.raises(SettingError, match="micro_bins"):
        network(micro_bins=4)
    for options in ({"micro_tbin": 3}, {"depth_level": 3}):
        with pytest.raises(SettingError, match="must lie within"):
            network().sharpen(features(), **options)


def test_default_weights_apply_to_the_features() -> None:
    cube = FlowNetwork((1, 6, 8, 8), None, base=2)
    histogram = FlowNetwork((1, 2, 8, 8), None, base=2)
    assert set(cube.criterion.weights) == {"data", "bw_deblur", "smoothness2"}
    assert set(histogram.criterion.weights) == {"data", "smoothness2"}
