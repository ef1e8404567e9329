"""Programs with the kernels of inference against plain networks."""

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from wholefield.kernels.packed import available
from wholefield.networks.convnext import CNBlock
from wholefield.networks.resnet import Bottleneck
from wholefield.streaming import Streamed
from wholefield.streaming.tracing.lowering import lowered
from wholefield.streaming.tracing.precision import Precision
from wholefield.streaming.tracing.trace import trace

CPU = torch.device("cpu")

pytestmark = pytest.mark.skipif(
    not available(CPU, torch.float32), reason="This build of torch has no oneDNN."
)


class Calls(TorchDispatchMode):
    """Counts the calls of the packed convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):  # type: ignore[no-untyped-def]
        """Call it."""
        self.count += "_convolution_pointwise" in str(func)
        return func(*args, **(kwargs or {}))


@pytest.fixture(params=["bottleneck", "convnext", "grouped", "stages"])
def network(request: pytest.FixtureRequest) -> nn.Module:
    torch.manual_seed(0)
    made: dict[str, nn.Module] = {
        "bottleneck": nn.Sequential(nn.Conv2d(3, 32, 7, 2, 3), nn.ReLU(), Bottleneck(32, 8, 1, None)),
        "convnext": nn.Sequential(nn.Conv2d(3, 16, 4, 4), CNBlock(16, 0.0)),
        "grouped": nn.Sequential(nn.Conv2d(3, 16, 3, padding="same"), nn.Conv2d(16, 16, (3, 1), groups=4)),
        "stages": nn.Sequential(nn.Conv2d(3, 8, 1), nn.InstanceNorm2d(8, affine=True), nn.Conv2d(8, 8, 3, 2)),
    }
    return made[request.param].eval()


@torch.no_grad()
@pytest.mark.parametrize("workers", [1, 2])
def test_results_are_those_of_the_network(network: nn.Module, workers: int) -> None:
    image = torch.randn(1, 3, 70, 53)
    streamed = Streamed(network, 32, workers=workers)
    torch.testing.assert_close(streamed(image), network(image), rtol=1e-4, atol=1e-5)
    with Calls() as calls:
        Streamed(network, 32, workers=1)(image)
    assert calls.count


@torch.no_grad()
def test_double_precision_stays_exact(network: nn.Module) -> None:
    image, network = torch.randn(1, 3, 41, 38).double(), network.double()
    torch.testing.assert_close(Streamed(network, 16)(image), network(image), rtol=1e-12, atol=1e-12)


def test_gradients_take_the_kernels_that_have_them(network: nn.Module) -> None:
    image = torch.randn(1, 3, 41, 38)
    with Calls() as calls:
        Streamed(network, 32, workers=1)(image).sum().backward()
    assert not calls.count


def test_a_program_under_autocast_stays_as_it_is(network: nn.Module) -> None:
    program = trace(network, (1, 3, 40, 40), torch.float32, CPU)
    with torch.autocast("cpu", torch.bfloat16):
        assert lowered(program, Precision.now(CPU)) is program


@torch.no_grad()
def test_what_is_not_finite_stays_where_it_is() -> None:
    network = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU(), nn.Conv2d(8, 4, 3, 2))
    image = torch.randn(1, 3, 37, 40)
    image[0, 1, 20, 9] = float("nan")
    expected = network(image)
    assert expected.isnan().any()
    torch.testing.assert_close(Streamed(network, 16)(image), expected, rtol=1e-4, atol=1e-5, equal_nan=True)
