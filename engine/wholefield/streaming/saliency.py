"""Where a network looks, exactly, on images of any size: Grad-CAM of any layer, and integrated gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from math import prod
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from wholefield.progress import ProgressCallback
from wholefield.streaming.errors import StreamingError
from wholefield.streaming.execution.images import LazyImage
from wholefield.streaming.operations.call import Ref
from wholefield.streaming.streamed import Streamed
from wholefield.streaming.tracing.trace import trace

Score: TypeAlias = Callable[[Any], Tensor]
"""The number that is explained, such as the logit of a class, of what the streamed network returns."""


def grad_cam(
    streamed: Streamed, layer: str, image: Tensor | LazyImage, score: Score, mask: Tensor | None = None
) -> Tensor:
    """Grad-CAM of a layer: its channels, weighted by the mean gradient of the score, where they add up to more than 0.

    Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based localization" (ICCV 2017),
    eq. 1 and 2. The mean gradient of a channel is that of a constant that is added to it, so the gradient of the layer
    never exists as a whole: one forward and reverse sweep find the weights, and one forward sweep the map.

    Args:
        streamed: The streamed network, with or without a reduction; gradients of its parameters stay as they are.
        layer: Path of the layer, as in `named_modules` of `streamed.network`.
        image: (1, channels, *axes).
        score: Makes the number that is explained of what `streamed` returns.
        mask: As for `Streamed.forward`.

    Returns:
        (1, 1, *positions of the layer).

    Raises:
        StreamingError: There is no such layer, or it is not computed exactly once.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.streaming import MeanPool, Streamed, grad_cam
        >>> network = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 3, stride=2))
        >>> streamed = Streamed(network, 32, reduction=MeanPool())
        >>> grad_cam(streamed, "1", torch.rand(1, 3, 50, 40), lambda pooled: pooled[0, 2]).shape
        torch.Size([1, 1, 50, 40])
    """
    network = streamed.network
    found = dict(network.named_modules()).get(layer)
    if found is None or not layer:
        raise StreamingError(
            f"The network has no layer '{layer}'; named_modules lists the paths of its layers."
        )
    whole = copy(streamed)
    whole._modules = dict(streamed._modules)
    with _frozen(streamed):
        watched = _Watched(found)
        ends = _EndsThere(network, watched)
        with _in_place(network, layer, watched):
            ref: Ref = trace(ends, image.shape, image.dtype, image.device).outputs
            watched.shift = nn.Parameter(
                torch.zeros(*ref.shape[:2], *(1,) * len(ref.axes), dtype=ref.dtype, device=image.device)
            )
            with torch.enable_grad():
                (total,) = torch.autograd.grad(score(streamed(image, mask)), watched.shift)
            watched.shift, watched.weights = None, total / prod(ref.lengths)
            whole.network, whole.reduction = ends, None
            with torch.no_grad():
                result: Tensor = whole(image)
    return result


def integrated_gradients(
    streamed: Streamed,
    image: Tensor,
    score: Score,
    *,
    baseline: Tensor | float = 0.0,
    steps: int = 32,
    mask: Tensor | None = None,
    progress: ProgressCallback | None = None,
) -> Tensor:
    """Integrated gradients: what every pixel adds to the score on the straight way from a baseline to the image.

    Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks" (ICML 2017), eq. 1, by the midpoint rule.

    Args:
        streamed: The streamed network, with or without a reduction; gradients of its parameters stay as they are.
        image: (1, channels, *axes).
        score: Makes the number that is explained of what `streamed` returns.
        baseline: An image without what is explained.
        steps: Points along the way.
        mask: As for `Streamed.forward`.
        progress: Called with the points done and the points in all; may raise to cancel.

    Returns:
        In the shape of the image. With enough steps its sum is score(image) - score(baseline).

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.streaming import MeanPool, Streamed, integrated_gradients
        >>> network = nn.Sequential(nn.Conv2d(1, 8, 3), nn.Tanh())
        >>> streamed, image = Streamed(network, 32, reduction=MeanPool()), torch.rand(1, 1, 50, 40)
        >>> found = integrated_gradients(streamed, image, lambda pooled: pooled[0, 2])
        >>> whole = streamed(image)[0, 2] - streamed(torch.zeros_like(image))[0, 2]
        >>> torch.allclose(found.sum(), whole, atol=1e-4)
        True
    """
    way = image.detach() - baseline
    total = torch.zeros_like(image)
    with _frozen(streamed), torch.enable_grad():
        for step in range(steps):
            point = (baseline + way * ((step + 0.5) / steps)).requires_grad_()
            total += torch.autograd.grad(score(streamed(point, mask)), point)[0]
            if progress is not None:
                progress(step + 1, steps)
    return way * total / steps


class _Watched(nn.Module):
    """A layer to whose result a shift is added, or of whose result a weighted sum is kept."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer
        self.shift: nn.Parameter | None = None
        self.weights: Tensor | None = None
        # In a list, which the trace leaves as it is.
        self.results: list[Tensor] = []

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        result = self.layer(*args, **kwargs)
        self.results.append(result)
        return result if self.shift is None else result + self.shift


class _EndsThere(nn.Module):
    """A network that returns what a layer in its middle comes to: all of it, or the weighted sum above 0."""

    def __init__(self, network: nn.Module, watched: _Watched) -> None:
        super().__init__()
        self.network = network
        self._watched = [watched]

    def forward(self, x: Tensor) -> Tensor:
        watched = self._watched[0]
        watched.results.clear()
        self.network(x)
        if len(watched.results) != 1:
            raise StreamingError(
                f"The layer is computed {len(watched.results)} times in one forward; choose one that is computed once."
            )
        (result,) = watched.results
        watched.results.clear()
        return (
            result
            if watched.weights is None
            else (result * watched.weights).sum(1, keepdim=True).clamp(min=0)
        )


@contextmanager
def _in_place(network: nn.Module, path: str, module: nn.Module) -> Iterator[None]:
    """Another module in the place of a layer."""
    before = network.get_submodule(path)
    parent, _, name = path.rpartition(".")
    home = network.get_submodule(parent)
    setattr(home, name, module)
    try:
        yield
    finally:
        setattr(home, name, before)


@contextmanager
def _frozen(module: nn.Module) -> Iterator[None]:
    """No gradients of parameters, which would be computed for nothing."""
    learning = [parameter for parameter in module.parameters() if parameter.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
