"""StreamingCNN: forward and backward of a streamed network as two calls, as lightstream documents them."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.weak import WeakTensorKeyDictionary

from wholefield.compat.lightstream.core.pixels import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Image,
    Intake,
    PreparedImage,
    in_memory,
    per_channel,
)
from wholefield.compat.lightstream.core.run import Run, writes
from wholefield.compat.lightstream.core.tile_plan import TilePlan, tile_plan
from wholefield.networks.normalization import freeze_normalization
from wholefield.streaming.execution.tile_visits import OnTile
from wholefield.streaming.streamed import Streamed
from wholefield.streaming.tracing.precision import Precision

_log = logging.getLogger(__name__)


class StreamingCNN(nn.Module):
    """Streams the convolutional part of a network; the part behind it is run as usual in between.

    Everything is done by `wholefield.streaming.Streamed`, whose output is cut off the graph here and given back to it
    by `backward`. Any tile size and any image size works, every parameter gets its exact gradient. Batch
    normalization is kept in evaluation mode; its scales and shifts still learn.

    Attributes:
        stream_module: The streamed network; its parameters are the module's.
        tile_shape: (1, channels, *tile size in pixels per axis).
        saliency_map: After a backward with `saliency`: gradient of the image, in its shape, as floating point.
        mean: Per channel mean for `normalize_on_gpu`, (channels,).
        std: Per channel divisor for it.
        on_tile: Called with a TileVisit before every tile; raise in it to cancel.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.compat.lightstream import StreamingCNN
        >>> backbone = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU())
        >>> image = torch.rand(1, 3, 65, 83)
        >>> streaming = StreamingCNN(backbone, tile_shape=(1, 3, 32, 32))
        >>> output = streaming(image)
        >>> output.mean().backward()
        >>> streaming.backward(image, output.grad)
        >>> backbone[0].weight.grad.shape
        torch.Size([4, 3, 3, 3])
    """

    def __init__(
        self,
        stream_module: nn.Module,
        tile_shape: Sequence[int],
        verbose: bool = False,
        deterministic: bool = False,
        saliency: bool = False,
        eps: float = 1e-5,
        copy_to_gpu: bool = True,
        dtype: torch.dtype | None = None,
        statistics_on_cpu: bool = False,
        normalize_on_gpu: bool = False,
        mean: Sequence[float] | Tensor | None = None,
        std: Sequence[float] | Tensor | None = None,
        state_dict: Mapping[str, Any] | None = None,
        *,
        on_tile: OnTile | None = None,
    ) -> None:
        """Wrap a network.

        Args:
            stream_module: A network of local operations.
            tile_shape: (1, channels, *tile size in pixels per axis), one to three axes.
            verbose: Log every forward with its number of tiles.
            deterministic: Let cuDNN choose deterministic algorithms while streaming.
            saliency: Collect the gradient of the image in `saliency_map`.
            eps: Accepted and without effect: nothing is found out by comparing numbers here.
            copy_to_gpu: Copy the whole image to the network's device at once, not tile by tile.
            dtype: Element type of the network's input; that of its parameters by default.
            statistics_on_cpu: Accepted and without effect: the geometry is integer arithmetic, no tile is run for it.
            normalize_on_gpu: Normalize every tile by `mean` and `std` before it enters the network. Integer pixels are
                brought to 0..1 first; floating point ones are taken to be there.
            mean: Per channel; that of ImageNet by default.
            std: Per channel; that of ImageNet by default.
            state_dict: A tile cache from `get_tile_cache`.

        Raises:
            StreamingError: The tile cache belongs to another network or tile size.
        """
        super().__init__()
        self.stream_module = freeze_normalization(stream_module)
        self.tile_shape = tuple(tile_shape)
        self.verbose = verbose
        self.deterministic = deterministic
        self.saliency = saliency
        self.copy_to_gpu = copy_to_gpu
        self.normalize_on_gpu = normalize_on_gpu
        self.mean = per_channel(mean, IMAGENET_MEAN)
        self.std = per_channel(std, IMAGENET_STD)
        self.saliency_map: Tensor | None = None
        self.on_tile = on_tile
        self._dtype = dtype
        self._streams = True
        self._autocast: Precision | None = None
        self._runs = WeakTensorKeyDictionary()
        self._plan: TilePlan | None = None
        if state_dict is not None:
            self.load_tile_cache(state_dict)

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next((p.device for p in self.stream_module.parameters()), torch.device("cpu"))

    @device.setter
    def device(self, device: torch.device | str) -> None:
        self.stream_module.to(device)

    @property
    def dtype(self) -> torch.dtype:
        """Element type of the network's input; that of its parameters unless another is set."""
        return self._dtype or self._parameter_dtype()

    @dtype.setter
    def dtype(self, dtype: torch.dtype | None) -> None:
        self._dtype = dtype

    @property
    def plan(self) -> TilePlan:
        """The geometry of the network for this tile size."""
        if self._plan is None or self._plan.tile_shape != self.tile_shape:
            self._plan = tile_plan(self.stream_module, self.tile_shape, self._working_dtype())
        return self._plan

    def forward(self, image: Image, result_on_cpu: bool = False) -> Any:
        """Stream an image.

        Args:
            image: (batch, channels, *axes) of any size; a tensor, or an image that is read box by box.
            result_on_cpu: Move the result to host memory.

        Returns:
            What the network returns, as leaves of the graph that take gradients where autograd is on.

        Raises:
            NotLocalError: The network has a layer that cannot be streamed.
            StreamingError: The tile size or the image cannot work.
        """
        if self.verbose:
            _log.info("streaming an image %s in tiles %s", tuple(image.shape), self.tile_shape[2:])
        self._autocast = Precision.now(self.device)
        pixels, result = self._compute(image)

        def leaf(value: Any) -> Any:
            if not isinstance(value, Tensor):
                return value
            cut_off = value.detach().cpu() if result_on_cpu else value.detach()
            return cut_off.requires_grad_(torch.is_grad_enabled() and value.is_floating_point())

        leaves = tree_map(leaf, result)
        if torch.is_grad_enabled():
            self._runs[_tensors(leaves)[0]] = Run(image, writes(image), pixels, _tensors(result))
        return leaves

    def backward(self, image: Image, grad: Any) -> None:
        """Add the gradients of the network's parameters to theirs.

        The forward of this image is used while its result is alive and the image was not written to since; otherwise it
        is run again, and layers that draw random numbers then draw new ones.

        Args:
            image: The image that was streamed.
            grad: Gradient of the result, in its structure.

        Raises:
            StreamingError: The structure is another.
        """
        run = self._take(image, grad) or self._run_again(image)
        with _deterministic(self.deterministic):
            run.back_propagate(grad)
        if self.saliency:
            self.saliency_map = run.gradient

    def whole(self, image: Image) -> Any:
        """The network over the whole image at once, in one piece with the graph around it."""
        return self.stream_module(self._intake()(in_memory(image)))

    def disable(self) -> None:
        """Run the network over the whole image from now on; `forward` and `backward` stay as they are."""
        self._streams = False

    def enable(self) -> None:
        """Stream again."""
        self._streams = True

    def train(self, mode: bool = True) -> Self:
        """Switch dropout and the like; batch normalization stays in evaluation mode."""
        super().train(mode)
        freeze_normalization(self.stream_module)
        return self

    def get_tile_cache(self) -> dict[str, Any]:
        """The plan as plain values, with what identifies network and tile size."""
        return self.plan.to_plain()

    def load_tile_cache(self, state: Mapping[str, Any]) -> None:
        """Take over a plan.

        Raises:
            StreamingError: It belongs to another network or tile size.
        """
        self._plan = TilePlan.from_plain(state).demand(
            self.stream_module, self.tile_shape, self._working_dtype()
        )

    def _compute(self, image: Image) -> tuple[Image, Any]:
        """The image as autograd sees it, and the network's result."""
        if self.copy_to_gpu and isinstance(image, Tensor):
            image = image.to(self.device, non_blocking=True)
        intake = self._intake()
        learns = torch.is_grad_enabled() and (
            self.saliency or (isinstance(image, Tensor) and image.requires_grad)
        )
        if learns or not self._streams:
            image, stored = in_memory(image), image.dtype
            image = _with_gradient(image, self._working_dtype()) if learns else image
            pixels: Image = intake(image, stored)
        else:
            pixels = PreparedImage(image, intake) if intake.changes(image) else image
        with _deterministic(self.deterministic):
            if not self._streams:
                return image, self.stream_module(pixels)
            return image, Streamed(self.stream_module, self.tile_shape[2:], on_tile=self.on_tile)(pixels)

    def _intake(self) -> Intake:
        scale = (self.mean, self.std) if self.normalize_on_gpu else None
        return Intake(self.device, self._working_dtype(), scale)

    def _working_dtype(self) -> torch.dtype:
        """The element type of the tiles: under autocast that of the parameters, as the layers choose theirs."""
        return self._parameter_dtype() if Precision.now(self.device).enabled else self.dtype

    def _parameter_dtype(self) -> torch.dtype:
        types = (p.dtype for p in self.stream_module.parameters() if p.is_floating_point())
        return next(types, torch.get_default_dtype())

    def _take(self, image: Image, grad: Any) -> Run | None:
        """The forward of an image, the one that this gradient belongs to or else the latest."""
        found = [(leaf, run) for leaf, run in self._runs.items() if run.is_of(image)]
        if not found:
            return None
        leaf, run = max(reversed(found), key=lambda pair: pair[0].grad is grad)
        del self._runs[leaf]
        return run

    def _run_again(self, image: Image) -> Run:
        autocast = self._autocast or Precision.now(self.device)
        with torch.enable_grad(), autocast():
            pixels, result = self._compute(image)
        return Run(image, writes(image), pixels, _tensors(result))

    def __getstate__(self) -> dict[str, Any]:
        # Waiting forwards belong to their graph, which cannot be copied or sent to another process.
        return {name: value for name, value in vars(self).items() if name != "_runs"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._runs = WeakTensorKeyDictionary()


def _tensors(result: Any) -> tuple[Tensor, ...]:
    return tuple(leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor))


def _with_gradient(image: Tensor, dtype: torch.dtype) -> Tensor:
    """The same values as floating point, keeping their gradient; connected to the image if that learns itself."""
    if not image.requires_grad:
        return (image if image.is_floating_point() else image.to(dtype)).detach().requires_grad_()
    pixels = image.view_as(image)
    pixels.retain_grad()
    return pixels


@contextmanager
def _deterministic(wanted: bool) -> Iterator[None]:
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    if wanted:
        cudnn.deterministic, cudnn.benchmark = True, False
    try:
        yield
    finally:
        cudnn.deterministic, cudnn.benchmark = before
