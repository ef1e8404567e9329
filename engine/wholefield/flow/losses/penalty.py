"""The robust penalty of the losses."""

from torch import Tensor

ALPHA = 0.45
EPSILON = 1e-3


def charbonnier(difference: Tensor, alpha: float = ALPHA, epsilon: float = EPSILON) -> Tensor:
    """The Charbonnier penalty, elementwise: nearly |x|, but smooth at 0 (Sun et al. 2014, section 3).

    Args:
        difference: x, float, of any shape.
        alpha: Exponent; 0.5 gives the pseudo-Huber penalty.
        epsilon: Width of the smooth part, in the unit of x.

    Returns:
        (x^2 + epsilon^2)^alpha, of the shape of x.

    Example:
        >>> import torch
        >>> from wholefield.flow.losses import charbonnier
        >>> charbonnier(torch.tensor([-2.0, 0.0]))
        tensor([1.8661, 0.0020])
    """
    return (difference.square() + epsilon**2).pow(alpha)
