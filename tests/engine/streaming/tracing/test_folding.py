"""Normalization folded into the convolution before it: exact, and only where it may be."""

import pytest
import torch
from torch import Tensor, nn

from wholefield.streaming import Streamed
from wholefield.streaming.tracing.folding import fold_normalization
from wholefield.streaming.tracing.precision import Precision
from wholefield.streaming.tracing.program import Program
from wholefield.streaming.tracing.trace import trace

CPU = torch.device("cpu")
FULL = Precision("cpu", False, torch.bfloat16)


def with_statistics(network: nn.Module) -> nn.Module:
    torch.manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.3, 2.0)
            if module.affine:
                module.weight.data.uniform_(-1.5, 1.5)
                module.bias.data.uniform_(-0.5, 0.5)
    return network.double().eval()


def operations(
    network: nn.Module, dtype: torch.dtype = torch.double, precision: Precision = FULL
) -> list[str]:
    program: Program = fold_normalization(trace(network, (1, 3, 20, 20), dtype, CPU), precision)
    return [program.nodes[k].operation for k in sorted(program.live)]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_outputs_and_gradients_are_those_of_the_two_layers(bias: bool, affine: bool, axes: int) -> None:
    convolution = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]
    norm = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)[axes - 1]
    network = with_statistics(
        nn.Sequential(
            convolution(4, 6, 3, stride=2, padding=1, groups=2, bias=bias),
            norm(6, eps=1e-2, affine=affine),
            nn.ReLU(),
        )
    )
    image = torch.randn(2, 4, *(19, 17, 11)[:axes], dtype=torch.double, requires_grad=True)
    leaves = [image, *network.parameters()]
    expected = [network(image), *torch.autograd.grad(network(image).square().sum(), leaves)]
    found = [
        Streamed(network, 7)(image),
        *torch.autograd.grad(Streamed(network, 7)(image).square().sum(), leaves),
    ]
    for a, b in zip(found, expected, strict=True):
        assert (a - b).abs().max() <= 1e-12 * b.abs().max()


def test_a_folded_normalization_is_not_computed() -> None:
    network = with_statistics(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()))
    assert operations(network) == ["input", "conv2d", "relu"]


class Shared(nn.Module):
    """The convolution's own result is used as well."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.convolution(x)
        return self.norm(y) + y


class Both(nn.Module):
    """The convolution's own result is returned as well."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = self.convolution(x)
        return y, self.norm(y)


@pytest.mark.parametrize("kind", [Shared, Both])
def test_a_convolution_with_another_reader_stays(kind: type[nn.Module]) -> None:
    assert "batch_norm" in operations(with_statistics(kind()))


def test_nothing_is_folded_in_half_precision() -> None:
    network = with_statistics(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))).float()
    assert "batch_norm" in operations(network, torch.float32, Precision("cpu", True, torch.bfloat16))
    assert "batch_norm" in operations(network.bfloat16(), torch.bfloat16)
