"""Every operation that can be streamed, between two convolutions, against the plain network: values and gradients."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from tests.engine.streaming.layers import CONVOLUTIONS, SIZES, Apply, between, conv, image
from tests.parts import part
from wholefield.streaming import Streamed, symmetric_pad

TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
MAXIMA = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
MEANS: tuple[Any, ...] = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
TILES = {1: (1, 6), 2: (3, (7, 4)), 3: (4, (3, 8, 5))}


@dataclass(frozen=True)
class Case:
    name: str
    layer: Callable[[int], nn.Module]
    axes: tuple[int, ...] = (1, 2, 3)
    channels_out: int | None = None


def upsample(mode: str, **options: Any) -> Callable[[int], nn.Module]:
    linear = {1: "linear", 2: "bilinear", 3: "trilinear"}

    def layer(axes: int) -> nn.Module:
        sizes = {"size": SIZES[axes]} if "size" in options else {}
        return nn.Upsample(mode=linear[axes] if mode == "linear" else mode, **{**options, **sizes})

    return layer


WINDOWS = [
    Case("stride", lambda n: CONVOLUTIONS[n - 1](4, 4, 3, stride=2, padding=1)),
    Case("stride beyond the kernel", lambda n: CONVOLUTIONS[n - 1](4, 4, 2, stride=3)),
    Case("dilation", lambda n: CONVOLUTIONS[n - 1](4, 4, 3, dilation=2, padding=2)),
    Case("dilation, stride, wide padding", lambda n: CONVOLUTIONS[n - 1](4, 4, 2, 2, padding=4, dilation=3)),
    Case("padding alone", lambda n: CONVOLUTIONS[n - 1](4, 4, 1, stride=2, padding=5)),
    Case("no padding", lambda n: CONVOLUTIONS[n - 1](4, 4, 4)),
    Case("groups", lambda n: CONVOLUTIONS[n - 1](4, 8, 3, padding=1, groups=4), channels_out=8),
    Case("same, even kernel", lambda n: CONVOLUTIONS[n - 1](4, 4, 4, padding="same")),
    Case("same, dilation", lambda n: CONVOLUTIONS[n - 1](4, 4, 2, padding="same", dilation=3)),
    Case("valid", lambda n: CONVOLUTIONS[n - 1](4, 4, 3, padding="valid", bias=False)),
    Case("reflect", lambda n: CONVOLUTIONS[n - 1](4, 4, 5, padding=3, padding_mode="reflect")),
    Case("replicate", lambda n: CONVOLUTIONS[n - 1](4, 4, 3, padding=4, padding_mode="replicate", stride=2)),
    Case("same and reflect", lambda n: CONVOLUTIONS[n - 1](4, 4, 4, padding="same", padding_mode="reflect")),
    Case("different along each axis", lambda n: nn.Conv3d(4, 4, (1, 3, 2), (2, 1, 3), (0, 2, 1)), axes=(3,)),
    Case("symmetric", lambda n: Apply(lambda x: symmetric_pad(x, (4, 3) * n))),
    Case("transposed", lambda n: TRANSPOSED[n - 1](4, 4, 2, stride=2)),
    Case("transposed, overlapping", lambda n: TRANSPOSED[n - 1](4, 4, 5, stride=2, padding=1)),
    Case("transposed, with gaps", lambda n: TRANSPOSED[n - 1](4, 4, 1, stride=3, output_padding=2)),
    Case(
        "transposed, dilation, groups",
        lambda n: TRANSPOSED[n - 1](4, 6, 3, stride=2, padding=2, output_padding=1, dilation=2, groups=2),
        channels_out=6,
    ),
    Case("transposed, cropped", lambda n: TRANSPOSED[n - 1](4, 4, 3, stride=1, padding=3, bias=False)),
    Case("max", lambda n: MAXIMA[n - 1](2)),
    Case("max, overlapping", lambda n: MAXIMA[n - 1](3, stride=1, padding=1)),
    Case("max, ceil", lambda n: MAXIMA[n - 1](3, stride=2, padding=1, ceil_mode=True)),
    Case("max, dilation", lambda n: MAXIMA[n - 1](2, stride=2, dilation=3, padding=1)),
    Case("mean", lambda n: MEANS[n - 1](3, stride=2)),
    Case("mean, padding counts", lambda n: MEANS[n - 1](3, stride=2, padding=1)),
    Case("mean, padding does not", lambda n: MEANS[n - 1](3, stride=2, padding=1, count_include_pad=False)),
    Case("mean, ceil", lambda n: MEANS[n - 1](4, stride=3, padding=2, ceil_mode=True)),
    Case(
        "mean, ceil, padding does not count",
        lambda n: MEANS[n - 1](4, stride=3, padding=1, ceil_mode=True, count_include_pad=False),
    ),
    Case("sum", lambda n: MEANS[n - 1](3, stride=1, padding=1, divisor_override=1), axes=(2, 3)),
    Case("nearest", upsample("nearest", scale_factor=2)),
    Case("nearest to a size", upsample("nearest", size=True)),
    Case("nearest by 1.7", upsample("nearest", scale_factor=1.7)),
    Case("nearest by 0.6", upsample("nearest", scale_factor=0.6)),
    Case("nearest-exact by 2.5", upsample("nearest-exact", scale_factor=2.5)),
    Case("linear", upsample("linear", scale_factor=2)),
    Case("linear by 1.7", upsample("linear", scale_factor=1.7)),
    Case("linear by 1.7, recomputed", upsample("linear", scale_factor=1.7, recompute_scale_factor=True)),
    Case("linear by 1.01", upsample("linear", scale_factor=1.01)),
    Case("linear by 0.4", upsample("linear", scale_factor=0.4)),
    Case("linear to a size", upsample("linear", size=True)),
    Case("bicubic", upsample("bicubic", scale_factor=2), axes=(2,)),
    Case("bicubic by 0.4", upsample("bicubic", scale_factor=0.4), axes=(2,)),
    Case("bicubic to a size", upsample("bicubic", size=True), axes=(2,)),
    Case("bicubic, aligned corners", upsample("bicubic", scale_factor=1.7, align_corners=True), axes=(2,)),
    Case("circular", lambda n: CONVOLUTIONS[n - 1](4, 4, 3, padding=2, padding_mode="circular")),
    Case(
        "cyclic shift",
        lambda n: Apply(lambda x: x.roll(tuple(range(-2, n)), tuple(range(n + 2)))[:, [1, 3, 0, 2]]),
    ),
    Case("cyclic shift by name", lambda n: Apply(lambda x: torch.roll(x, shifts=-3, dims=-1) * x)),
    Case("mirrored", lambda n: Apply(lambda x: x.flip(-1) + x.flip((0, 2)))),
    Case("linear, aligned corners", upsample("linear", scale_factor=2, align_corners=True)),
    Case("constant border", lambda n: Apply(lambda x: functional.pad(x, (2, 1) * n, value=0.7))),
    Case(
        "border of channels",
        lambda n: Apply(lambda x: functional.pad(x, (1, 0) * n + (0, 2))),
        channels_out=6,
    ),
    Case("border inwards", lambda n: Apply(lambda x: functional.pad(x, (-2, 3) * n))),
    Case("reflected border", lambda n: Apply(lambda x: functional.pad(x, (5, 2) * n, mode="reflect"))),
    Case("replicated border", lambda n: Apply(lambda x: functional.pad(x, (9, 12) * n, mode="replicate"))),
    Case("crop", lambda n: Apply(lambda x: x[(..., *[slice(2, -3)] * n)])),
    Case("every third position", lambda n: Apply(lambda x: x[(..., *[slice(1, None, 3)] * n)])),
    Case("pixel shuffle", lambda n: nn.PixelShuffle(2), axes=(2,), channels_out=1),
    Case(
        "pixel unshuffle",
        lambda n: nn.Sequential(Apply(lambda x: x[..., 1:, :]), nn.PixelUnshuffle(2), nn.Conv2d(16, 4, 1)),
        axes=(2,),
    ),
]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize(
    ("case", "axes"), [pytest.param(c, n, id=f"{c.name}, {n}-d") for c in WINDOWS for n in c.axes]
)
def test_windows_and_grids(case: Case, axes: int, exact: Callable[..., None]) -> None:
    network = between(case.layer(axes), axes, channels_out=case.channels_out)
    exact(network, image(axes), *TILES[axes])
    exact(network, image(axes), TILES[axes][0], smallest_block=8)
    # Single precision is computed with the channels last.
    exact(network.float(), image(axes, batch=2).float(), TILES[axes][1], tolerance=1e-5)


def channels_last(x: Tensor, norm: nn.Module, wide: nn.Module, narrow: nn.Module) -> Tensor:
    scale = torch.full((x.shape[1],), 0.3, dtype=x.dtype)
    y = x.permute(0, *range(2, x.ndim), 1)
    y = narrow(functional.gelu(wide(norm(y)))) * scale
    return x + y.permute(0, x.ndim - 1, *range(1, x.ndim - 1))


def attention_over_channels(x: Tensor) -> Tensor:
    heads = x.reshape(x.shape[0], 2, 2, *x.shape[2:])
    return (heads.softmax(dim=2) * heads).sum(dim=2)


def mixed_in_place(x: Tensor, first: nn.Module, second: nn.Module) -> Tensor:
    y = first(x)
    y += second(x)
    y -= 0.5
    y *= second(x)
    y /= 2.0
    return functional.elu(y, inplace=True)


def residual(x: Tensor, first: nn.Module, second: nn.Module) -> Tensor:
    identity = x
    out = functional.relu(first(x), inplace=True)
    out = second(out)
    out += identity
    return functional.relu(out, inplace=True)


POSITIONWISE = {
    "batch norm": (lambda n: (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)[n - 1](4).eval(), 4),
    "instance norm with statistics": (
        lambda n: (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)[n - 1](
            4, affine=True, track_running_stats=True
        ).eval(),
        4,
    ),
    "response norm": (lambda n: nn.LocalResponseNorm(3), 4),
    "channels last": (lambda n: Apply(channels_last, nn.LayerNorm(4), nn.Linear(4, 7), nn.Linear(7, 4)), 4),
    "matrix": (
        lambda n: Apply(lambda x, layer: (x.movedim(1, -1) @ layer.weight.T).movedim(-1, 1), nn.Linear(4, 4)),
        4,
    ),
    "chunk": (lambda n: Apply(lambda x: torch.cat(x.chunk(2, dim=1)[::-1], dim=1)), 4),
    "split": (lambda n: Apply(lambda x: torch.sigmoid(x.split([1, 3], 1)[0]) * x.split([1, 3], 1)[1]), 3),
    "unbind and stack": (
        lambda n: Apply(lambda x: torch.stack([x.unbind(1)[2], x.unbind(1)[0]], dim=1)),
        2,
    ),
    "channels by number": (lambda n: Apply(lambda x: x[:, [3, 0, 0]]), 3),
    "one channel": (lambda n: Apply(lambda x: x[:, 1, None] + x[:, :1]), 1),
    "channel shuffle": (lambda n: nn.ChannelShuffle(2), 4),
    "gate": (lambda n: Apply(lambda x: functional.glu(x, dim=1)), 2),
    "softmax": (lambda n: nn.Softmax(dim=1), 4),
    "log softmax": (lambda n: nn.LogSoftmax(dim=-1 - n), 4),
    "heads": (lambda n: Apply(attention_over_channels), 2),
    "mean of channels": (lambda n: Apply(lambda x: x.mean(1, keepdim=True) + x.amax(dim=1, keepdim=True)), 1),
    "named tuple": (lambda n: Apply(lambda x: x.max(dim=1, keepdim=True).values), 1),
    "normalize": (lambda n: Apply(lambda x: functional.normalize(x, dim=1)), 4),
    "prelu per channel": (lambda n: nn.PReLU(4), 4),
    "in place": (lambda n: Apply(mixed_in_place, conv(axes=n), conv(axes=n)), 4),
    "residual in place": (lambda n: Apply(residual, conv(axes=n), conv(axes=n)), 4),
    "dense connections": (
        lambda n: Apply(lambda x, layer: torch.cat([x, layer(x), x * 2], 1), conv(axes=n)),
        12,
    ),
    "squeezed": (lambda n: Apply(lambda x: x[:, :1].squeeze(1).unsqueeze(1).repeat_interleave(3, 1)), 3),
    "logic": (
        lambda n: Apply(lambda x: torch.where((x > 0) & ~(x > 1), x, 0.1 * x).masked_fill(x < -1, -2)),
        4,
    ),
    "detached": (lambda n: Apply(lambda x, layer: layer(x.detach()) + x, conv(axes=n)), 4),
    "of zeros like it": (lambda n: Apply(lambda x, layer: layer(torch.zeros_like(x)) + x, conv(axes=n)), 4),
    "data": (lambda n: Apply(lambda x, layer: layer(x.data) * x, conv(axes=n)), 4),
}


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("name", POSITIONWISE)
def test_positionwise(name: str, axes: int, exact: Callable[..., None]) -> None:
    make, channels_out = POSITIONWISE[name]
    layer = make(axes)
    for buffer in layer.buffers():
        if buffer.is_floating_point():
            buffer.uniform_(0.5, 1.5)
    network = between(layer, axes, channels_out=channels_out)
    exact(network, image(axes, batch=2), *TILES[axes])


ACTIVATIONS: list[nn.Module] = [
    nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.2), nn.ELU(), nn.SELU(), nn.CELU(0.7), nn.GELU(), nn.GELU("tanh"),
    nn.SiLU(), nn.Mish(), nn.Sigmoid(), nn.LogSigmoid(), nn.Tanh(), nn.Tanhshrink(), nn.Hardtanh(-0.4, 0.6),
    nn.Hardsigmoid(), nn.Hardswish(), nn.Hardshrink(), nn.Softshrink(), nn.Softplus(), nn.Softsign(),
    nn.Threshold(0.1, 0.3), nn.RReLU().eval(), nn.ReLU(inplace=True), nn.ReLU6(inplace=True),
    nn.LeakyReLU(0.2, inplace=True), nn.ELU(inplace=True), nn.SELU(inplace=True), nn.CELU(inplace=True),
    nn.SiLU(inplace=True), nn.Mish(inplace=True), nn.Hardtanh(inplace=True), nn.Hardsigmoid(inplace=True),
    nn.Hardswish(inplace=True), nn.Threshold(0.1, 0.3, inplace=True), nn.Identity(),
]  # fmt: skip


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_activations(activation: nn.Module, exact: Callable[..., None]) -> None:
    exact(between(activation, 2), image(), 5)


FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu_": lambda x: functional.relu_(x.mul(1)),
    "elu_": lambda x: functional.elu_(x.mul(1)),
    "tensor relu_": lambda x: x.mul(1).relu_(),
    "tanh_": lambda x: x.mul(1).tanh_(),
    "clamp_": lambda x: x.mul(1).clamp_(-0.5, 0.5),
    "pow": lambda x: x**2 + 2.0**x + (x.abs() + 1) ** -0.5,
    "right-hand scalars": lambda x: 1 - x + 2 / (x.abs() + 1),
    "remainder": lambda x: x % 0.7 + (x.detach() // 0.5),
    "trigonometry": lambda x: torch.sin(x) + x.cos() + torch.atan2(x, x.abs() + 1),
    "exp and log": lambda x: torch.exp(-x) + torch.log1p(x * x) + torch.logaddexp(x, 2 * x),
    "lerp": lambda x: torch.lerp(x, x * x, 0.3) + torch.addcmul(x, x, x, value=0.1),
    "minimum": lambda x: torch.minimum(x, x * x) + torch.max(x, torch.zeros(1, dtype=x.dtype)),
    "type and back": lambda x: x.to(torch.float64).double().type(torch.float64).type_as(x).to(x),
    "device": lambda x: x.to(x.device).to("cpu").contiguous().clone(),
    "copies": lambda x: x.mul(1).copy_(2 * x) + x.mul(1).fill_(3.0) * x,
    "new constants": lambda x: x * x.new_ones(1, 4, 1, 1) + x.new_full((4, 1, 1), 2.0) + x.new_tensor(3.0),
    "positions of channels": lambda x: x * torch.linspace(0, 1, x.shape[1], dtype=x.dtype)[:, None, None],
    "written constant": lambda x: x * _ramp(x),
    "whole numbers": lambda x: x * (x > 0).int() + (3 * x).long().remainder(2) * x.bool(),
    "logic in place": lambda x: combined(x) * x,
    "expanded": lambda x: x.mean(1, keepdim=True).expand(-1, 4, -1, -1) + x[:, :1].expand_as(x),
    "constant expanded": lambda x: x + x.new_full((4, 1, 1), 2.0).expand_as(x),
    "repeated": lambda x: x[:, :2].repeat(1, 2, 1, 1) * x[:, :1].tile((1, 4, 1, 1)),
    "channels into the batch": lambda x: blurred(x),
    "named input": lambda x: (
        functional.linear(
            input=torch.permute(input=x, dims=(0, 2, 3, 1)), weight=torch.ones(4, x.shape[1], dtype=x.dtype)
        ).movedim(-1, 1)
        + torch.add(input=functional.avg_pool2d(input=x, kernel_size=1), other=x, alpha=3)
    ),
    "along the batch": lambda x: x.flip(0) + x.mean(0, keepdim=True) + x.roll(1, 0) * x[-1],
    "statistics of channels": lambda x: (
        x.var(1, keepdim=True) * x.norm(dim=1, keepdim=True) + x.logsumexp(1, True) * x
    ),
    "similarity": lambda x: functional.cosine_similarity(x, x * x, dim=1).unsqueeze(1) + x,
    "permuted in place": lambda x: x.mul(1).permute(0, 2, 3, 1).relu_().permute(0, 3, 1, 2),
    "pieces": lambda x: (
        sum(x.tensor_split(4, dim=1)) + x.narrow(1, 1, 2)[:, :1] + x.select(1, 0).unsqueeze(1) + x
    ),
    "picked": lambda x: x.index_select(1, torch.tensor([2, 0, 1, 1])) + x.unflatten(1, (2, 2)).flatten(1, 2),
    "one image by one": lambda x: torch.stack([2 * picture for picture in x]),
    "assigned": lambda x: _assigned(x * 1),
    "viewed as another": lambda x: (
        x.flatten(2).view_as(x) + x.permute(0, 2, 3, 1).permute(0, 3, 1, 2).reshape_as(x)
    ),
    "types of others": lambda x: x - torch.ones(1, 4, 1, 1).type_as(x) + torch.ones(4, 1, 1).to(x),
    "compared": lambda x: torch.where(x == x, x, 0) * x.ge(0.2),
    "unpacked": lambda x: torch.stack((lambda a, b: [b, a])(*x)),
}


def _assigned(x: Tensor) -> Tensor:
    before = x * 2
    x[:, :2] = 3.0
    x[:, 2] = before[:, 3]
    x[:, 3] = torch.linspace(0, 1, x.shape[-1], dtype=x.dtype)
    x[0] = 2 * before[1]
    return x


def combined(x: Tensor) -> Tensor:
    mask = x > 0
    before = mask.clone()
    mask &= x < 1
    mask |= x < -1
    mask ^= x > 2
    return mask * 2 + before


def blurred(x: Tensor) -> Tensor:
    planes = x.reshape(-1, 1, *x.shape[2:])
    planes = functional.conv2d(planes, torch.ones(1, 1, 3, 3, dtype=x.dtype), padding=1)
    return planes.reshape(x.shape)


def _ramp(x: Tensor) -> Tensor:
    ramp = torch.zeros(x.shape[1], dtype=x.dtype, device=x.device)
    ramp[::2] = 1
    ramp[1:].mul_(2).add_(0.5)
    return ramp.view(1, -1, 1, 1)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str, exact: Callable[..., None]) -> None:
    exact(between(Apply(FUNCTIONS[name]), 2), image(batch=2), 5)


def tied(axes: int) -> nn.Module:
    first, second = conv(axes=axes), conv(axes=axes)
    second.weight = first.weight
    return nn.Sequential(first, nn.GELU(), second, first)


class LayerScale(nn.Module):
    """Parameters of its own, a buffer, and an attribute that is neither."""

    shift: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((4, 1, 1), 0.3, dtype=torch.float64))
        self.register_buffer("shift", torch.randn(4, 1, 1, dtype=torch.float64))
        self.plain = torch.randn(4, 1, 1, dtype=torch.float64)

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gamma.exp() + self.shift * self.plain


WEIGHTS: dict[str, Callable[[], nn.Module]] = {
    "tied": lambda: tied(2),
    "weight norm": lambda: parametrizations.weight_norm(conv()),
    "spectral norm": lambda: parametrizations.spectral_norm(conv()).eval(),
    "orthogonal": lambda: parametrizations.orthogonal(conv()),
    "layer scale": LayerScale,
    "standardised": lambda: Apply(
        lambda x, layer: functional.conv2d(
            x,
            (layer.weight - layer.weight.mean((1, 2, 3), keepdim=True)) / layer.weight.std((1, 2, 3), keepdim=True),
            layer.bias,
            padding=1,
        ),
        conv(),
    ),
    "flipped": lambda: Apply(lambda x, layer: functional.conv2d(x, layer.weight.flip(-1), padding=1), conv()),
    "frozen": lambda: nn.Sequential(conv().requires_grad_(False), nn.ReLU(), conv(bias=False)),
    "unused": lambda: Apply(lambda x, used, unused: used(x), conv(), conv()),
}  # fmt: skip


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights(name: str, exact: Callable[..., None]) -> None:
    exact(between(WEIGHTS[name](), 2), image(), 4, 40)


def test_spectral_norm_goes_on_iterating_in_training() -> None:
    layer = parametrizations.spectral_norm(conv(2, 4).double())
    before = part(layer, "parametrizations.weight.0._u").clone()
    x = image()
    streamed = Streamed(layer, 6)
    first, second = streamed(x), streamed(x)
    (first.sum() + second.sum()).backward()
    assert not torch.equal(part(layer, "parametrizations.weight.0._u"), before)
    assert part(layer, "parametrizations.weight.original").grad is not None
