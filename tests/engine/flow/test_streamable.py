"""Flow networks streamed tile by tile: flow and gradients of the whole sensor"""

from collections.abc import Iterator

import pytest
import torch

from wholefield.flow.flow_network import FlowNetwork
from wholefield.flow.streamable import StreamableFlow
from wholefield.networks.flow.feature_extractor import build_feature_extractor
from wholefield.networks.flow.memory import memory_of
from wholefield.networks.flow.unet import FlowUNet
from wholefield.streaming import Streamed

BINS = 3


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def extractor(name: str, **options: object) -> FlowUNet:
    """A network whose flow is not near nothing, as that of a fresh one is."""
    torch.manual_seed(0)
    network = build_feature_extractor(name, 4, base=2, scales=2, **options).double()
    for head in network.heads:
        assert isinstance(head, torch.nn.Conv2d)
        torch.nn.init.normal_(head.weight)
    return network


def features(height: int, width: int, batch: int = 1) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(batch, BINS * 4, height, width, dtype=torch.float64)


@pytest.mark.parametrize("name", ["eminet", "eminet_non_sep"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize(("height", "width", "tile"), [(37, 51, 16), (40, 24, 100)])
def test_flow_and_gradients_are_those_of_the_whole(
    name: str, cell: str, height: int, width: int, tile: int
) -> None:
    network, x = extractor(name, rnn_cell=cell), features(height, width, batch=2)
    plain = StreamableFlow(network, BINS)
    results = []
    for module in (plain, Streamed(plain, tile)):
        leaf = x.clone().requires_grad_()
        flow = module(leaf)
        weights = torch.linspace(-1, 1, flow.numel(), dtype=flow.dtype).view_as(flow)
        results.append(
            [flow.detach(), *torch.autograd.grad((flow * weights).sum(), [leaf, *network.parameters()])]
        )
    # Standardizing the few weights of a pointwise convolution leaves some of them gradients of nothing but rounding.
    largest = max(float(wanted.abs().max()) for wanted in results[0])
    for found, wanted in zip(results[1], results[0], strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-13 * largest)


def test_it_is_the_flow_of_the_network_itself() -> None:
    network = FlowNetwork((BINS, 4, 20, 28), {"l1": 1.0}, "eminet", base=2).double().eval()
    network.scale.fill_(0.5)
    x = features(20, 28, batch=2)
    wanted = network(x.unflatten(1, (BINS, 4)).transpose(0, 1))[-1]
    carried = memory_of(network)
    with torch.no_grad():
        found = Streamed(StreamableFlow(network, BINS), 16)(x)
    torch.testing.assert_close(found.unflatten(1, (BINS, 2)).transpose(0, 1), wanted, rtol=1e-9, atol=1e-12)
    assert all(a is b for a, b in zip(memory_of(network), carried, strict=True))


@pytest.mark.parametrize("name", ["midinet", "midinet2"])
def test_squeeze_excite_streams_with_sums_over_the_whole_image(name: str) -> None:
    plain, x = StreamableFlow(extractor(name), BINS), features(24, 40)
    with torch.no_grad():
        torch.testing.assert_close(Streamed(plain, 16)(x), plain(x), rtol=1e-9, atol=1e-12)
