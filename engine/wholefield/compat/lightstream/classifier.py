"""ImageNetClassifier: a streamed classifier with validation, test and prediction."""

from typing import Any

from torch import Tensor, nn
from torchmetrics import MetricCollection

from wholefield.compat.lightstream.base import BaseModule
from wholefield.compat.lightstream.module import LossFunction, TileSize


class ImageNetClassifier(BaseModule):
    """A streamed classifier. Logs train_loss, val_loss, test_loss and the metrics under the same prefixes."""

    def __init__(
        self,
        stream_net: nn.Module,
        head: nn.Module,
        tile_size: TileSize,
        loss_fn: LossFunction,
        train_streaming_layers: bool = True,
        metrics: MetricCollection | None = None,
        **kwargs: Any,
    ) -> None:
        """Build the classifier; every argument is one of StreamingModule."""
        super().__init__(
            stream_net, head, tile_size, loss_fn, train_streaming_layers, metrics=metrics, **kwargs
        )

    def validation_step(self, batch: Any, batch_idx: int, *args: Any, **kwargs: Any) -> Tensor:
        """The loss of a validation batch (image, target)."""
        return self.evaluate("val", self.forward_streaming(batch[0]), batch, self.val_metrics)

    def test_step(self, batch: Any, batch_idx: int, *args: Any, **kwargs: Any) -> Tensor:
        """The loss of a test batch (image, target)."""
        return self.evaluate("test", self.forward_streaming(batch[0]), batch, self.test_metrics)
