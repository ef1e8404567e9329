"""BaseModule: a StreamingModule with a head and a loss."""

from typing import Any

from torch import nn

from wholefield.compat.lightstream.module import LossFunction, StreamingModule, TileSize


class BaseModule(StreamingModule):
    """A streamed backbone, a head and a loss; trains as it stands."""

    def __init__(
        self,
        stream_net: nn.Module,
        head: nn.Module,
        tile_size: TileSize,
        loss_fn: LossFunction,
        train_streaming_layers: bool = True,
        use_streaming: bool = True,
        **kwargs: Any,
    ) -> None:
        """Build the module; every argument is one of StreamingModule."""
        super().__init__(
            stream_net, head, tile_size, loss_fn, train_streaming_layers, use_streaming, **kwargs
        )
