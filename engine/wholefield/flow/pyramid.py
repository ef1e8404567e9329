"""Event features at the resolution of every level of a flow pyramid."""

from torch import Tensor, nn
from torch.nn import functional


def shrink(features: Tensor, level: int) -> Tensor:
    """Mean over squares of 2**level pixels; a square at the border is the mean of the pixels it has.

    Args:
        features: float (T, B, C, H, W).
        level: How often to halve; 0 changes nothing.

    Returns:
        (T, B, C, ceil(H / 2**level), ceil(W / 2**level)).
    """
    if level == 0:
        return features
    images = functional.avg_pool2d(features.flatten(0, 1), 2**level, ceil_mode=True, count_include_pad=False)
    return images.unflatten(0, features.shape[:2])


class FeaturePyramid(nn.Module):
    """Features at all levels, coarsest first, in the order of the flows of a network.

    Args:
        levels: Number of levels; the last one has the size of the input.
    """

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels

    def forward(self, features: Tensor) -> list[Tensor]:
        """The levels of features (T, B, C, H, W)."""
        return [shrink(features, level) for level in reversed(range(self.levels))]
