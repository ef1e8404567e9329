"""StreamingModule: a network whose first part is streamed, from its layers to a trained model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map
from torchmetrics import MetricCollection

from wholefield.compat.lightstream.core.constructor import StreamingConstructor
from wholefield.compat.lightstream.core.pixels import Image
from wholefield.compat.lightstream.core.tile_plan import read_tile_cache, write_tile_cache
from wholefield.compat.lightstream.modules.lightningstreaming import LightningStreamingModule, TileSize
from wholefield.errors import SettingError

LossFunction = Callable[..., Tensor]


class StreamingModule(LightningStreamingModule):
    """A network whose convolutional part is streamed, and a head that sees the whole feature map.

    These forms work: StreamingModule(stream_network, tile_size, tile_cache_path, ...),
    StreamingModule(stream_network, tile_size, train_streaming_layers, ...) and
    StreamingModule(stream_network, head, tile_size, loss_fn, ...). Without a head, the loss is of the streamed output.
    A subclass may override forward, forward_head, training_step and backward.

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

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.compat.lightstream import StreamingModule
        >>> net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        >>> module = StreamingModule(net, tile_size=32)
        >>> module(torch.rand(1, 3, 101, 67)).shape
        torch.Size([1, 4, 50, 33])
    """

    def __init__(
        self,
        stream_network: nn.Module,
        head: nn.Module | TileSize | None = None,
        tile_size: TileSize | str | Path | None = None,
        loss_fn: LossFunction | None = None,
        train_streaming_layers: bool = True,
        use_streaming: bool = True,
        metrics: MetricCollection | None = None,
        tile_cache_dir: str | Path | None = None,
        tile_cache_fname: str | None = None,
        tile_cache_path: str | Path | None = None,
        **kwargs: Any,
    ) -> None:
        """Build the module.

        Args:
            stream_network: A network of local operations, or a StreamingModule whose streamed part is used.
            head: What follows it; may be left out.
            tile_size: Tile size in pixels, one number or one per axis. Any works.
            loss_fn: Takes (output, target).
            train_streaming_layers: Whether the streamed part learns.
            use_streaming: Whether to stream at all.
            metrics: Computed from (output, target) in training, validation and test.
            tile_cache_dir: Folder of the tile cache; the current one by default.
            tile_cache_fname: Its file name. Where one of the two or `tile_cache_path` is given the cache is loaded and
                saved here; planning takes well under a second, so nothing is written unasked.
            tile_cache_path: Folder and file name of the tile cache in one.
            **kwargs: Options of StreamingConstructor.

        Raises:
            StreamingError: The tile cache belongs to another network or tile size.
            SettingError: There is no tile size.
        """
        if head is not None and not isinstance(head, nn.Module):
            # (stream_network, tile_size, train_streaming_layers or tile_cache_path)
            if isinstance(tile_size, bool):
                train_streaming_layers = tile_size
            elif isinstance(tile_size, str | Path):
                tile_cache_path = tile_size
            head, tile_size = None, head
        constructor = _constructor(stream_network, tile_size, kwargs)
        ready = isinstance(stream_network, StreamingModule)
        super().__init__(stream_network if ready else constructor.prepare_streaming_model())
        self.constructor = constructor
        self.copy_to_gpu = constructor.copy_to_gpu
        self.train_streaming_layers = self.train_streaming_layers and train_streaming_layers
        self.use_streaming = self.use_streaming and use_streaming
        if tile_cache_path is not None:
            tile_cache_dir, tile_cache_fname = Path(tile_cache_path).parent, Path(tile_cache_path).name
        self.tile_cache_dir = Path.cwd() if tile_cache_dir is None else Path(tile_cache_dir)
        shape = "_".join(map(str, self.stream_network.tile_shape))
        self.tile_cache_fname = tile_cache_fname or f"tile_cache_{shape}"
        if tile_cache_dir is not None or tile_cache_fname is not None:
            self._share_tile_cache(given=kwargs.get("tile_cache") is not None)
        self.head = nn.Identity() if head is None else head
        self.loss_fn = loss_fn
        self.train_metrics = metrics.clone(prefix="train_") if metrics else None
        self.val_metrics = metrics.clone(prefix="val_") if metrics else None
        self.test_metrics = metrics.clone(prefix="test_") if metrics else None
        self.params = self.get_trainable_params()

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

    def _share_tile_cache(self, given: bool) -> None:
        """Use the plan of the tile cache, unless one was given, and keep it there."""
        state = None if given else self.load_tile_cache_if_needed()
        if state is not None:
            self.stream_network.load_tile_cache(state)
        self.save_tile_cache_if_needed()


def _constructor(network: nn.Module, tile_size: Any, options: dict[str, Any]) -> StreamingConstructor:
    """A constructor for a network, or the one of a streamed network."""
    if isinstance(network, StreamingModule):
        return network.constructor
    if tile_size is None or isinstance(tile_size, str | Path):
        raise SettingError("The streaming module has no tile_size; give one, usually 256 to 1024.")
    return StreamingConstructor(network, tile_size, **options)


def _gradient(value: Any) -> Tensor | None:
    return value.grad if isinstance(value, Tensor) else None
