"""The average endpoint error of a flow against labels in torch: a function, and a metric over batches."""

import torch
from torch import Tensor
from torchmetrics import Metric


def endpoint_error(flow: Tensor, label: Tensor) -> Tensor:
    """Mean length of flow - label over the labeled pixels.

    Args:
        flow: float (..., 2, H, W), x then y, in px.
        label: float (..., 2, H, W) in px, NaN where the flow is unknown.

    Returns:
        A scalar in px; NaN if no pixel is labeled.

    Example:
        >>> import torch
        >>> from wholefield.flow import endpoint_error
        >>> flow = torch.tensor([3.0, 4.0]).view(2, 1, 1).expand(2, 5, 6)
        >>> endpoint_error(flow, torch.zeros(2, 5, 6))
        tensor(5.)
    """
    error = _errors(flow, label)
    return error.mean()


class EndpointError(Metric):
    """Average endpoint error over the labeled pixels of all batches since the last reset.

    `update(flow, label)` takes what `endpoint_error` takes; `compute()` returns a scalar in px, NaN if no pixel is
    labeled.

    Example:
        >>> import torch
        >>> from wholefield.flow import EndpointError
        >>> metric = EndpointError()
        >>> metric.update(torch.ones(2, 4, 4), torch.zeros(2, 4, 4))
        >>> metric.update(torch.zeros(2, 4, 4), torch.zeros(2, 4, 4))
        >>> metric.compute()
        tensor(0.7071)
    """

    is_differentiable = True
    higher_is_better = False
    full_state_update = False

    total: Tensor
    pixels: Tensor

    def __init__(self) -> None:
        super().__init__()
        # Sums over whole recordings have more digits than float32 holds.
        self.add_state("total", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("pixels", torch.zeros((), dtype=torch.int64), dist_reduce_fx="sum")

    def update(self, flow: Tensor, label: Tensor) -> None:
        """Add the pixels of one batch."""
        error = _errors(flow, label)
        self.total += error.double().sum()
        self.pixels += error.numel()

    def compute(self) -> Tensor:
        """The mean over all pixels added."""
        return (self.total / self.pixels).float()


def _errors(flow: Tensor, label: Tensor) -> Tensor:
    """Endpoint errors of the labeled pixels, (n,)."""
    error = (flow - label).square().sum(-3).sqrt()
    return error[torch.isfinite(error)]
