"""The robust penalty of the losses."""

from torch import Tensor

ALPHA = 0.45
EPSILON = 1e-3


def charbonnier(difference: Tensor, alpha: float = ALPHA, epsilon: float = EPSILON) -> Tensor:
    """(x^2 + epsilon^2)^alpha, elementwise: nearly |x|, smooth at 0 (Sun et al. 2014, section 3)."""
    return (difference.square() + epsilon**2).pow(alpha)
