"""LightningStreamingModule: a LightningModule around a streamed network; training step and optimizer are the user's.

In data parallel training, DistributedDataParallel finds out which parameters a step leaves out by walking the graph of
the loss. The streamed part is cut off that graph, so the search would take all of it for unused and leave its gradients
unreduced. Waiting for every parameter instead is right: the second call of the backward reaches them.
"""

from collections.abc import Sequence
from typing import Any

import lightning as L
import numpy as np
from numpy.typing import NDArray
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from wholefield.compat.lightstream.core.pixels import Image
from wholefield.compat.lightstream.core.scnn import StreamingCNN
from wholefield.networks.normalization import freeze_normalization
from wholefield.streaming.errors import StreamingError
from wholefield.streaming.planning.sizes import sizes_per_axis

TileSize = int | Sequence[int]


class LightningStreamingModule(L.LightningModule):
    """A streamed network in a LightningModule; a subclass adds training_step and configure_optimizers.

    Where a subclass overrides setup or an on_* hook, it calls the parent's first.

    Attributes:
        stream_network: The streamed part, a StreamingCNN.
        train_streaming_layers: Whether the streamed part learns.
        use_streaming: Whether it is streamed at all.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.compat.lightstream import LightningStreamingModule, StreamingModule
        >>> net = nn.Conv2d(3, 4, 3, padding=1)
        >>> module = LightningStreamingModule(StreamingModule(net, tile_size=32))
        >>> image = torch.rand(1, 3, 50, 70)
        >>> output = module(image)
        >>> output.sum().backward()
        >>> module.backward_streaming(image, output.grad)
        >>> net.weight.grad.shape
        torch.Size([4, 3, 3, 3])
    """

    stream_network: StreamingCNN

    def __init__(self, stream_network: nn.Module) -> None:
        """Take over a streamed network.

        Args:
            stream_network: A StreamingModule, such as StreamingResNet or StreamingConvNext, whose streamed network is
                used; or a StreamingCNN.
        """
        super().__init__()
        part = stream_network if isinstance(stream_network, StreamingCNN) else stream_network.stream_network
        assert isinstance(part, StreamingCNN)
        self.stream_network = part
        self.train_streaming_layers = bool(getattr(stream_network, "train_streaming_layers", True))
        self.use_streaming = bool(getattr(stream_network, "use_streaming", True))

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
        """Output of the streamed part.

        Args:
            x: (batch, channels, *axes) of any size; a tensor, or an image that is read box by box.

        Returns:
            What it returns; where `use_streaming`, as leaves that take gradients.
        """
        return self.stream_network(x) if self.use_streaming else self.stream_network.whole(x)

    def forward(self, x: Image) -> Any:
        """As forward_streaming."""
        return self.forward_streaming(x)

    def backward_streaming(self, image: Image, gradient: Any) -> None:
        """Backward of the streamed part, where it is streamed and learns.

        Args:
            image: The image of the forward, (batch, channels, *axes).
            gradient: Gradient of its output.
        """
        if self.use_streaming and (self.train_streaming_layers or self.stream_network.saliency):
            self.stream_network.backward(image, gradient)

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

    def enable_streaming(self) -> None:
        """Stream again after `disable_streaming`."""
        self.stream_network.enable()
        self.use_streaming = True

    def disable_streaming(self) -> None:
        """Run the network whole from now on, within one graph: no backward of the streamed part is needed."""
        self.stream_network.disable()
        self.use_streaming = False

    def freeze_normalization_layers(self) -> None:
        """Put batch normalization of the streamed part into evaluation mode, where it is a local operation.

        Its scales and shifts still learn, as do those of the other normalization layers.
        """
        freeze_normalization(self.stream_network.stream_module)

    def freeze_streaming_normalization_layers(self) -> None:
        """The same under the name of the documentation."""
        self.freeze_normalization_layers()

    def unfreeze_streaming_network(self) -> None:
        """Let all parameters of the streamed part learn again; batch normalization stays in evaluation mode."""
        self.stream_network.requires_grad_(True)
        self.train_streaming_layers = True
        self.freeze_normalization_layers()

    def setup(self, stage: str) -> None:
        """Let data parallel training wait for the streamed parameters."""
        if self.use_streaming and self.train_streaming_layers:
            wait_for_all_parameters(self.trainer.strategy)

    def on_train_epoch_start(self) -> None:
        """Freeze batch normalization."""
        self.freeze_normalization_layers()

    def on_train_start(self) -> None:
        """Prepare for streaming.

        Raises:
            StreamingError: Data parallel training would leave the streamed gradients unreduced.
        """
        if self.use_streaming and self.train_streaming_layers:
            check_wrapper(self.trainer.model)
        self._prepare()

    def on_training_start(self) -> None:
        """The same under the name that the guide to custom models gives it; Lightning does not call it."""
        self.on_train_start()

    def on_validation_start(self) -> None:
        """Prepare for streaming."""
        self._prepare()

    def on_test_start(self) -> None:
        """Prepare for streaming."""
        self._prepare()

    def on_predict_start(self) -> None:
        """Prepare for streaming."""
        self._prepare()

    def _prepare(self) -> None:
        self.stream_network.to(self.device)
        self.freeze_normalization_layers()


def wait_for_all_parameters(strategy: Any) -> None:
    """Turn the search for unused parameters off in a Lightning strategy that wraps the model later."""
    options = getattr(strategy, "_ddp_kwargs", None)
    if isinstance(options, dict) and options.get("find_unused_parameters"):
        strategy._ddp_kwargs = {**options, "find_unused_parameters": False}


def check_wrapper(model: Any) -> None:
    """Refuse a wrapped model that would leave the streamed gradients unreduced.

    Raises:
        StreamingError: It searches for unused parameters, or takes the graph of the first step for all steps.
    """
    if isinstance(model, DistributedDataParallel) and (model.find_unused_parameters or model.static_graph):
        raise StreamingError(
            "DistributedDataParallel with find_unused_parameters or static_graph cannot see the streamed parameters; "
            'use Trainer(strategy="ddp"), and call super().setup(stage) where you override setup.'
        )
