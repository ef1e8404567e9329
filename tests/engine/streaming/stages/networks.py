"""Small networks with values of the whole image, and the layers that make them."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.engine.streaming.layers import Apply

BATCH_NORMS: tuple[Any, ...] = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
INSTANCE_NORMS: tuple[Any, ...] = (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
MEAN_POOLS: tuple[Any, ...] = (
    functional.adaptive_avg_pool1d, functional.adaptive_avg_pool2d, functional.adaptive_avg_pool3d,
)  # fmt: skip
MAX_POOLS: tuple[Any, ...] = (
    functional.adaptive_max_pool1d, functional.adaptive_max_pool2d, functional.adaptive_max_pool3d,
)  # fmt: skip
CHANNELS = 4


def dims(x: Tensor) -> tuple[int, ...]:
    return tuple(range(2, x.ndim))


def squeeze_excite(x: Tensor, first: nn.Linear, second: nn.Linear) -> Tensor:
    gate = torch.sigmoid(second(first(x.mean(dims(x))).relu()))
    return x * gate.reshape(*gate.shape, *[1] * (x.ndim - 2))


def eca(x: Tensor, conv: nn.Conv1d) -> Tensor:
    gate = conv(x.mean(dims(x)).view(x.shape[0], 1, -1)).sigmoid()
    return x * gate.view(x.shape[0], -1, *[1] * (x.ndim - 2)).expand_as(x)


def response_norm(x: Tensor, gamma: nn.Linear) -> Tensor:
    """GRN of ConvNeXt V2, over the channels-last layout."""
    y = x.movedim(1, -1)
    spread = y.norm(p=2, dim=tuple(range(1, y.ndim - 1)), keepdim=True)
    share = spread / (spread.mean(dim=-1, keepdim=True) + 1e-6)
    return (y + y * share * gamma.weight[0] + gamma.bias[0]).movedim(-1, 1)


def image_pooling(x: Tensor, conv: nn.Linear) -> Tensor:
    """The global branch of ASPP."""
    pooled = conv(MEAN_POOLS[x.ndim - 3](x, 1).flatten(1)).reshape(x.shape[0], -1, *[1] * (x.ndim - 2))
    wide = functional.interpolate(
        pooled, size=x.shape[2:], mode=("linear", "bilinear", "trilinear")[x.ndim - 3]
    )
    both = torch.cat([x, wide], 1)
    return both[:, :CHANNELS] + both[:, CHANNELS:]


def attention(x: Tensor, mlp: nn.Linear) -> Tensor:
    """The channel gate of CBAM."""
    means, best = (pool[x.ndim - 3](x, 1).flatten(1) for pool in (MEAN_POOLS, MAX_POOLS))
    gate = torch.sigmoid(mlp(means) + mlp(best))
    return x * gate.reshape(*gate.shape, *[1] * (x.ndim - 2))


def bins(x: Tensor) -> Tensor:
    """Pyramid pooling to two positions an axis, resized back."""
    pooled = MEAN_POOLS[x.ndim - 3](x, 2)
    return x + functional.interpolate(pooled, size=x.shape[2:], mode="nearest-exact")


def scaled(x: Tensor) -> Tensor:
    return x / (x.std(dims(x), keepdim=True) + 0.5) + x.amin(dims(x), keepdim=True) * 0.1


LAYERS: dict[str, Callable[[int], nn.Module]] = {
    "instance norm": lambda axes: INSTANCE_NORMS[axes - 1](CHANNELS, affine=True),
    "instance norm, not affine": lambda axes: INSTANCE_NORMS[axes - 1](CHANNELS),
    "instance norm, tracking": lambda axes: INSTANCE_NORMS[axes - 1](CHANNELS, track_running_stats=True),
    "batch norm": lambda axes: BATCH_NORMS[axes - 1](CHANNELS),
    "batch norm, not affine": lambda axes: BATCH_NORMS[axes - 1](CHANNELS, affine=False),
    "batch norm, untracked": lambda axes: BATCH_NORMS[axes - 1](CHANNELS, track_running_stats=False).eval(),
    "group norm": lambda axes: nn.GroupNorm(2, CHANNELS),
    "squeeze-excite": lambda axes: Apply(squeeze_excite, nn.Linear(CHANNELS, 2), nn.Linear(2, CHANNELS)),
    "ECA": lambda axes: Apply(eca, nn.Conv1d(1, 1, 3, padding=1, bias=False)),
    "GRN": lambda axes: Apply(response_norm, nn.Linear(CHANNELS, 1)),
    "image pooling": lambda axes: Apply(image_pooling, nn.Linear(CHANNELS, CHANNELS)),
    "attention": lambda axes: Apply(attention, nn.Linear(CHANNELS, CHANNELS)),
    "bins": lambda axes: Apply(bins),
    "scaled": lambda axes: Apply(scaled),
    "rms": lambda axes: Apply(lambda x: functional.rms_norm(x, x.shape[2:], eps=0.1)),
    "unit length": lambda axes: Apply(lambda x: functional.normalize(x, dim=dims(x)) * 5),  # type: ignore[arg-type]
}
