"""Values of the whole image: the reductions over all of its axes that the trace takes for numbers of their own.

They are the only steps of a network that are not local. The trace cuts the network at each of them; what is computed
from their results are ordinary calls on small tensors.
"""

from collections.abc import Sequence
from enum import Enum

import torch
from torch import Tensor


class StatisticKind(Enum):
    """What is found of all positions of the image.

    The mean has the type of what it is taken of; moments, mean and population variance stacked in front, are at least
    in single precision.
    """

    SUM = "sum"
    MEAN = "mean"
    MOMENTS = "moments"
    LARGEST = "largest"
    """The largest value; equal ones share the gradient, as in torch.amax."""
    FIRST_LARGEST = "first largest"
    """The largest value; the first of equal ones gets the gradient, as in torch.max and pooling."""


def over_image(x: Tensor, kind: StatisticKind, dims: Sequence[int]) -> Tensor:
    """A statistic over some dimensions, all axes of the image among them.

    Args:
        x: Values over the image.
        kind: What to find.
        dims: Dimensions to reduce, which the result lacks.
    """
    if torch.overrides.has_torch_function((x,)):
        return torch.overrides.handle_torch_function(over_image, (x,), x, kind, dims)
    match kind:
        case StatisticKind.SUM:
            return x.sum(tuple(dims))
        case StatisticKind.MEAN:
            return x.mean(tuple(dims))
        case StatisticKind.MOMENTS:
            wide = x.to(torch.promote_types(x.dtype, torch.float32))
            variance, mean = torch.var_mean(wide, tuple(dims), correction=0)
            return torch.stack((mean, variance))
        case StatisticKind.LARGEST:
            return x.amax(tuple(dims))
        case StatisticKind.FIRST_LARGEST:
            kept = [d for d in range(x.ndim) if d not in dims]
            return x.permute(*kept, *dims).flatten(len(kept)).max(-1).values
