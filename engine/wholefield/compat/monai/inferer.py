"""An inferer with the interface of MONAI's SlidingWindowInferer that streams the network over the whole image."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from monai.data.meta_tensor import MetaTensor
from monai.inferers import SlidingWindowInferer
from monai.utils import PytorchPadMode, convert_to_dst_type, ensure_tuple_rep, fall_back_tuple
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from wholefield.compat.monai.whole import Arguments, OnDevice, Pads, WholeImage, pads_for
from wholefield.malloc import large_blocks_given_back
from wholefield.streaming import Streamed, StreamingError, TileVisit
from wholefield.streaming.execution.images import LazyImage

# Tiles of volumes are what inference takes its memory for: `tests/bench/bench_monai.py`.
LARGEST_TILE = {1: 2**20, 2: 2048, 3: 64}


class StreamedInferer(SlidingWindowInferer):
    """What the network gives of the whole image, computed in tiles: no seams, whatever the window.

    It stands where a SlidingWindowInferer stands. `roi_size` bounds the tile; `overlap`, `mode`, `sigma_scale` and
    `cache_roi_weight_map` are about blending windows and change nothing, nor do `sw_batch_size`, `buffer_steps` and
    `buffer_dim`. An image smaller than `roi_size` is padded by `padding_mode` and `cval` as it is there; one of a size
    that the network cannot take is padded likewise to the next that it can, and a warning says so. With `with_coord`
    the network is told that its window is the whole image.

    Attributes:
        fallback: Whether a network that cannot be streamed is computed in sliding windows, with a warning; otherwise
            that is an error.
        tile_size: Tile size per axis; None takes `roi_size`, but no more than 2048 along two axes and 64 along three.
        workers: How many tiles are computed at the same time; each takes the memory of a tile.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.compat.monai import StreamedInferer
        >>> network, image = nn.Conv2d(1, 2, 5, padding=2), torch.rand(1, 1, 50, 60)
        >>> inferer = StreamedInferer(roi_size=(32, 32), overlap=0.25, mode="gaussian")
        >>> torch.allclose(inferer(image, network), network(image), atol=1e-6)
        True
    """

    def __init__(
        self,
        roi_size: Sequence[int] | int,
        *args: Any,
        fallback: bool = False,
        tile_size: Sequence[int] | int | None = None,
        workers: int | None = 1,
        **kwargs: Any,
    ) -> None:
        """Take the arguments of a SlidingWindowInferer.

        Args:
            roi_size: Size of the window, here of the tile; where it is not positive, that of the image.
            *args: As for SlidingWindowInferer.
            fallback: Whether networks that cannot be streamed are computed in sliding windows.
            tile_size: Tile size per axis; the result does not depend on it.
            workers: How many tiles are computed at the same time; None chooses by the threads.
            **kwargs: As for SlidingWindowInferer.
        """
        super().__init__(roi_size, *args, **kwargs)
        self.fallback = fallback
        self.tile_size = tile_size
        self.workers = workers

    def __call__(self, inputs: Tensor, network: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Compute the network over images.

        Args:
            inputs: (batch, channels, *axes).
            network: A module or another callable.
            *args: Passed to the network.
            **kwargs: Passed to the network, except `device`, `buffer_steps` and `buffer_dim`, which stand for those of
                the inferer. `condition` is a tensor of the shape of the inputs that is seen alongside them.

        Returns:
            What the network returns, one tensor, a tuple or a dict, on `device`.

        Raises:
            StreamingError: The network cannot be streamed, and `fallback` is off; the text names layer and reason.
            ValueError: An argument is one that SlidingWindowInferer refuses, too.
        """
        try:
            return self._streamed(inputs, network, args, dict(kwargs))
        except StreamingError as error:
            if not self.fallback:
                raise
            warnings.warn(f"Computed in sliding windows, with their seams: {error}", stacklevel=2)
        return super().__call__(inputs, network, *args, **kwargs)

    def _streamed(
        self, inputs: Tensor, network: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Any:
        device = kwargs.pop("device", self.device)
        steps, along = (
            kwargs.pop("buffer_steps", self.buffer_steps),
            kwargs.pop("buffer_dim", self.buffer_dim),
        )
        condition = kwargs.pop("condition", None)
        self._check(inputs, condition, steps, along)
        if device is None and self.cpu_thresh is not None and inputs.shape[2:].numel() > self.cpu_thresh:
            device = "cpu"
        computes, image = torch.device(self.sw_device or inputs.device), _plain(inputs)
        if condition is not None:
            image = torch.cat([image, _plain(condition).to(image)], dim=1)
        conditioned = None if condition is None else inputs.shape[1]
        arguments = Arguments(args, kwargs, self.with_coord, conditioned)
        predictor = WholeImage(
            network,
            arguments,
            axes=image.ndim - 2,
            device=torch.device(device or inputs.device),
            dtype=image.dtype,
        )
        roi_size = fall_back_tuple(self.roi_size, image.shape[2:])
        predictor.pads, more = pads_for(predictor, image.shape, roi_size, image.dtype, computes)
        if more:
            warnings.warn(
                f"The network cannot take an image of {tuple(inputs.shape[2:])} as a whole; it is padded to "
                f"{tuple(sum(pad) + n for pad, n in zip(predictor.pads, inputs.shape[2:], strict=True))}.",
                stacklevel=3,
            )
        image = self._padded(image, predictor.pads)
        tile = self.tile_size or [min(size, LARGEST_TILE[len(roi_size)]) for size in roi_size]
        with _Bar(self.progress) as bar, large_blocks_given_back():
            streamed = Streamed(predictor, tile, workers=self.workers, on_tile=bar.step)
            result = streamed(_on(image, computes))
        if not isinstance(inputs, MetaTensor):
            return result
        like = MetaTensor([]).copy_meta_from(inputs, copy_attr=False)
        return convert_to_dst_type(result, like, device=device)[0]

    def _check(
        self, inputs: Tensor, condition: Tensor | None, buffer_steps: int | None, buffer_dim: int
    ) -> None:
        """Refuse what SlidingWindowInferer refuses."""
        axes = inputs.ndim - 2
        if isinstance(self.roi_size, Sequence) and len(self.roi_size) != axes:
            raise ValueError(
                f"The inputs have the shape {tuple(inputs.shape)} and so {axes} spatial axes, but roi_size has "
                f"{len(self.roi_size)}: {tuple(self.roi_size)}. Give (batch, channels, *axes)."
            )
        if not all(0 <= overlap < 1 for overlap in ensure_tuple_rep(self.overlap, axes)):
            raise ValueError(f"overlap must be >= 0 and < 1, but is {self.overlap}.")
        if buffer_steps and not -axes <= buffer_dim <= axes:
            raise ValueError(f"buffer_dim must be from {-axes} to {axes}, but is {buffer_dim}.")
        if condition is not None and condition.shape != inputs.shape:
            raise ValueError(
                f"condition must have the shape of the inputs, {tuple(inputs.shape)}, but has {tuple(condition.shape)}."
            )

    def _padded(self, image: Tensor, pads: Pads) -> Tensor:
        if not any(map(any, pads)):
            return image
        mode = PytorchPadMode(self.padding_mode)
        amounts = [amount for pad in reversed(pads) for amount in pad]
        return functional.pad(
            image, amounts, mode.value, self.cval if mode is PytorchPadMode.CONSTANT else None
        )


class _Bar:
    """A bar that shows the tiles, if there is to be one."""

    def __init__(self, shown: bool) -> None:
        self._bar = tqdm(unit="tile") if shown else None

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def step(self, visit: TileVisit) -> None:
        """A tile begins."""
        if self._bar is not None:
            self._bar.total = visit.tiles
            self._bar.update()


def _plain(image: Tensor) -> Tensor:
    """A tensor without MONAI's metadata."""
    return image.as_tensor() if isinstance(image, MetaTensor) else image


def _on(image: Tensor, device: torch.device) -> Tensor | LazyImage:
    """The image on a device: box by box, unless its gradient is wanted."""
    if image.device == device:
        return image
    return image.to(device) if torch.is_grad_enabled() and image.requires_grad else OnDevice(image, device)
