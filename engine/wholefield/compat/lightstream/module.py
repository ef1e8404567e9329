"""StreamingModule: a LightningModule whose first part is streamed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils._pytree import tree_map
from torchmetrics import MetricCollection

from wholefield.compat.lightstream.constructor import StreamingConstructor, tile_shape
from wholefield.compat.lightstream.hooks import StreamingHooks
from wholefield.compat.lightstream.pixels import Image
from wholefield.compat.lightstream.tile_plan import read_tile_cache, write_tile_cache
from wholefield.errors import SettingError
from wholefield.streaming.planning.sizes import sizes_per_axis

LossFunction = Callable[..., Tensor]
TileSize = int | Sequence[int]


class StreamingModule(StreamingHooks):
    """A network whose convolutional part is streamed, and a head that sees the whole feature map.

    Both forms of the documentation work: StreamingModule(stream_network, tile_size, ...) and
    StreamingModule(stream_network, head, tile_size, loss_fn, ...). Without a head, the loss is of the streamed output.
    A subclass may override forward, forward_head, training_step and backward; where it overrides setup or an on_* hook
    it calls the parent's first.

    Attributes:
        stream_network: The streamed part, a StreamingCNN.
        head: What follows it, or an identity.
        loss_fn: Takes (output, target).
        train_streaming_layers: Whether the streamed part learns.
        use_streaming: Whether `forward_streaming` streams; otherwise the part is run whole, within one graph.
        train_metrics: Metrics of training, named train_*; likewise val_metrics and test_metrics. None without metrics.
        params: The parameters that learn.
        image: Image of the step at hand, for `backward`.
        str_output: Its streamed output, likewise.
    """

    def __init__(
        self,
        stream_network: nn.Module,
        head: nn.Module | TileSize | None = None,
        tile_size: TileSize | None = None,
        loss_fn: LossFunction | None = None,
        train_streaming_layers: bool = True,
        use_streaming: bool = True,
        metrics: MetricCollection | None = None,
        tile_cache_dir: str | Path | None = None,
        tile_cache_fname: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Build the module.

        Args:
            stream_network: A network of local operations.
            head: What follows it; may be left out.
            tile_size: Tile size in pixels, one number or one per axis. Any works.
            loss_fn: Takes (output, target).
            train_streaming_layers: Whether the streamed part learns.
            use_streaming: Whether to stream at all.
            metrics: Computed from (output, target) in training, validation and test.
            tile_cache_dir: Folder of the tile cache; the current one by default.
            tile_cache_fname: Its file name. Where one of the two is given the cache is loaded and saved here; planning
                takes well under a second, so nothing is written unasked.
            **kwargs: Options of StreamingConstructor.

        Raises:
            StreamingError: The tile cache belongs to another network or tile size.
            SettingError: There is no tile size.
        """
        super().__init__()
        if head is not None and not isinstance(head, nn.Module):
            # (stream_network, tile_size, train_streaming_layers)
            if isinstance(tile_size, bool):
                train_streaming_layers = tile_size
            head, tile_size = None, head
        if tile_size is None:
            raise SettingError("The streaming module has no tile_size; give one, usually 256 to 1024.")
        self.train_streaming_layers = train_streaming_layers
        self.use_streaming = use_streaming
        self.tile_cache_dir = Path.cwd() if tile_cache_dir is None else Path(tile_cache_dir)
        shape = "_".join(map(str, tile_shape(stream_network, tile_size)))
        self.tile_cache_fname = tile_cache_fname or f"tile_cache_{shape}"
        wants_cache = tile_cache_dir is not None or tile_cache_fname is not None
        if wants_cache and kwargs.get("tile_cache") is None:
            kwargs["tile_cache"] = self.load_tile_cache_if_needed()
        self.constructor = StreamingConstructor(stream_network, tile_size, **kwargs)
        self.copy_to_gpu = self.constructor.copy_to_gpu
        self.stream_network = self.constructor.prepare_streaming_model()
        if wants_cache:
            self.save_tile_cache_if_needed()
        self.head = nn.Identity() if head is None else head
        self.loss_fn = loss_fn
        self.train_metrics = metrics.clone(prefix="train_") if metrics else None
        self.val_metrics = metrics.clone(prefix="val_") if metrics else None
        self.test_metrics = metrics.clone(prefix="test_") if metrics else None
        self.params = self.get_trainable_params()

    @property
    def tile_size(self) -> TileSize:
        """Tile size in pixels: one number, or one per axis where they differ."""
        sizes = self.stream_network.tile_shape[2:]
        return sizes[0] if len(set(sizes)) == 1 else sizes

    @tile_size.setter
    def tile_size(self, tile_size: TileSize) -> None:
        batch, channels, *axes = self.stream_network.tile_shape
        self.stream_network.tile_shape = (batch, channels, *sizes_per_axis(tile_size, len(axes)))

    def forward_streaming(self, x: Image) -> Any:
        """Output of the streamed part, as leaves that take gradients where `use_streaming`.

        Args:
            x: (batch, channels, *axes) of any size; a tensor, or an image that is read box by box.
        """
        return self.stream_network(x) if self.use_streaming else self.stream_network.whole(x)

    def backward_streaming(self, image: Image, gradient: Any) -> None:
        """Backward of the streamed part, where it is streamed and learns.

        Args:
            image: The image of the forward, (batch, channels, *axes).
            gradient: Gradient of its output.
        """
        if self.use_streaming and (self.train_streaming_layers or self.stream_network.saliency):
            self.stream_network.backward(image, gradient)

    def forward_head(self, x: Any) -> Any:
        """What the head makes of the streamed output."""
        return self.head(x)

    def forward(self, x: Image) -> Any:
        """What the network makes of an image (batch, channels, *axes)."""
        return self.forward_head(self.forward_streaming(x))

    def training_step(self, batch: Any, batch_idx: int, *args: Any, **kwargs: Any) -> Tensor:
        """The loss of a batch (image, target); keeps `image` and `str_output` for `backward`."""
        self.image = batch[0]
        self.str_output = self.forward_streaming(self.image)
        return self.evaluate("train", self.str_output, batch, self.train_metrics)

    def backward(self, loss: Tensor, *args: Any, **kwargs: Any) -> None:
        """Backward of the head, then of the streamed part.

        Raises:
            SettingError: A training_step of another class kept nothing for it.
        """
        if not hasattr(self, "str_output") or not hasattr(self, "image"):
            raise SettingError(
                "training_step kept no self.image and self.str_output for the backward of the streamed part; set them "
                "there, or override backward."
            )
        loss.backward(*args, **kwargs)
        if self.use_streaming:
            self.backward_streaming(self.image, tree_map(_gradient, self.str_output))
        del self.image, self.str_output

    def configure_optimizers(self) -> Any:
        """Adam with a learning rate of 0.001."""
        return torch.optim.Adam(self.params, lr=1e-3)

    def evaluate(self, stage: str, streamed: Any, batch: Any, metrics: MetricCollection | None) -> Tensor:
        """Loss of a batch (image, target) whose image was streamed; logs it and metrics as means over the epoch.

        Raises:
            SettingError: There is no loss function.
        """
        if self.loss_fn is None:
            raise SettingError("The streaming module has no loss_fn; give one, or override training_step.")
        image, target = batch
        output = self.forward_head(streamed)
        loss = self.loss_fn(output, target)
        logged: dict[str, Any] = {f"{stage}_loss": loss.detach()}
        if metrics is not None:
            metrics(output, target)
            logged.update(metrics.items())
        self.log_dict(
            logged, on_step=False, on_epoch=True, prog_bar=True, sync_dist=True, batch_size=len(image)
        )
        return loss

    def configure_tile_stride(self) -> NDArray[np.int64]:
        """The tile stride in pixels: the tile size rounded down to whole output positions.

        Images need not be padded or cropped to a multiple of it: any size works here.

        Returns:
            One number, as an array without axes, or one per axis where they differ.
        """
        strides = self.stream_network.plan.tile_stride
        return np.asarray(strides[0] if len(set(strides)) == 1 else strides, dtype=np.int64)

    def enable_streaming_hooks(self) -> None:
        """Stream again after `disable_streaming_hooks`."""
        self.stream_network.enable()

    def disable_streaming_hooks(self) -> None:
        """Run the streamed part whole from now on, through the same two calls: only memory is no longer saved."""
        self.stream_network.disable()

    def get_trainable_params(self) -> list[nn.Parameter]:
        """The parameters of the whole model that learn.

        Those of the streamed part are frozen unless `train_streaming_layers`.
        """
        if not self.train_streaming_layers:
            self.stream_network.requires_grad_(False)
        return [parameter for parameter in self.parameters() if parameter.requires_grad]

    def save_tile_cache_if_needed(self, overwrite: bool = False) -> None:
        """Write the plan of the streamed part to the tile cache, for this network and this tile size.

        Args:
            overwrite: Replace an existing file.

        Raises:
            StreamingError: The folder does not exist.
        """
        path = self.tile_cache_dir / self.tile_cache_fname
        if self.global_rank == 0 and (overwrite or not path.exists()):
            write_tile_cache(path, self.stream_network.get_tile_cache())

    def load_tile_cache_if_needed(self, use_tile_cache: bool = True) -> dict[str, Any] | None:
        """Read the tile cache; whether it belongs to network and tile size is checked where it is used.

        Args:
            use_tile_cache: Whether to read it at all.

        Returns:
            The plan as plain values, or None without a file.

        Raises:
            StreamingError: The file is something else.
        """
        path = self.tile_cache_dir / self.tile_cache_fname
        return read_tile_cache(path) if use_tile_cache and path.exists() else None


def _gradient(value: Any) -> Tensor | None:
    return value.grad if isinstance(value, Tensor) else None
