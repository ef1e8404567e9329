"""ImageNetClassifier: a streamed classifier with training, validation, test and prediction; BaseModule below it."""

from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import MetricCollection

from wholefield.compat.lightstream.modules.lightningstreaming import TileSize
from wholefield.compat.lightstream.modules.streaming import LossFunction, StreamingModule


class BaseModule(StreamingModule):
    """A streamed backbone, a head and a loss; trains as it stands.

    Example:
        >>> from torch import nn
        >>> from wholefield.compat.lightstream import BaseModule
        >>> head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
        >>> module = BaseModule(nn.Conv2d(3, 4, 3), head, 32, nn.functional.cross_entropy)
        >>> module.tile_size
        32
    """

    def __init__(
        self,
        stream_net: nn.Module,
        head: nn.Module | None = None,
        tile_size: TileSize | None = None,
        loss_fn: LossFunction | None = None,
        train_streaming_layers: bool = True,
        use_streaming: bool = True,
        **kwargs: Any,
    ) -> None:
        """Build the module.

        Args:
            stream_net: A network of local operations, or a StreamingModule whose streamed part is used.
            head: What follows it; an identity if None.
            tile_size: Tile size in pixels, one number or one per axis.
            loss_fn: Takes (output, target).
            train_streaming_layers: Whether the streamed part learns.
            use_streaming: Whether to stream at all.
            **kwargs: Options of StreamingModule and StreamingConstructor.
        """
        super().__init__(
            stream_net, head, tile_size, loss_fn, train_streaming_layers, use_streaming, **kwargs
        )


class ImageNetClassifier(BaseModule):
    """A streamed classifier. Logs train_loss, val_loss, test_loss and the metrics under the same prefixes.

    Both forms work: ImageNetClassifier(stream_net, head, tile_size, loss_fn, ...) as documented, and
    ImageNetClassifier(streaming_module, head, loss_fn, accumulate_grad_batches) as released. The second takes its
    steps by itself, after every `accumulate_grad_batches` batches, with AdamW.

    Attributes:
        accumulate_grad_batches: Batches whose gradients are averaged in a step; None leaves that to the Trainer.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from wholefield.compat.lightstream import ImageNetClassifier, StreamingModule
        >>> head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
        >>> streamed = StreamingModule(nn.Conv2d(3, 4, 3), 32)
        >>> model = ImageNetClassifier(streamed, head, nn.CrossEntropyLoss(), accumulate_grad_batches=1)
        >>> model(torch.rand(1, 3, 40, 70)).shape
        torch.Size([1, 2])
    """

    def __init__(
        self,
        stream_net: nn.Module,
        head: nn.Module | None = None,
        tile_size: TileSize | LossFunction | None = None,
        loss_fn: LossFunction | int | None = None,
        train_streaming_layers: bool = True,
        metrics: MetricCollection | None = None,
        *,
        accumulate_grad_batches: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Build the classifier.

        Args:
            stream_net: A network of local operations, or a StreamingModule (the released form).
            head: What follows it; an identity if None.
            tile_size: Tile size in pixels, one number or one per axis; in the released form the loss.
            loss_fn: Takes (logits, target); in the released form, by position, `accumulate_grad_batches`.
            train_streaming_layers: Whether the streamed part learns.
            metrics: Computed from (logits, target).
            accumulate_grad_batches: Batches whose gradients are averaged in a step; 2 in the released form.
            **kwargs: Options of StreamingModule.

        Raises:
            SettingError: There is no tile size.
            StreamingError: The tile cache belongs to another network or tile size.
        """
        if isinstance(stream_net, StreamingModule):
            if callable(tile_size):
                if isinstance(loss_fn, int):
                    accumulate_grad_batches = loss_fn
                tile_size, loss_fn = None, tile_size
            accumulate_grad_batches = accumulate_grad_batches or 2
        super().__init__(
            stream_net,
            head,
            tile_size,  # type: ignore[arg-type]
            loss_fn,  # type: ignore[arg-type]
            train_streaming_layers,
            metrics=metrics,
            **kwargs,
        )
        self.accumulate_grad_batches = accumulate_grad_batches
        self.automatic_optimization = accumulate_grad_batches is None

    def training_step(self, batch: Any, batch_idx: int, *args: Any, **kwargs: Any) -> Tensor:
        """The loss of a batch (image, target); in the released form with backward and step."""
        loss = super().training_step(batch, batch_idx, *args, **kwargs)
        if self.accumulate_grad_batches is not None:
            self.manual_backward(loss / self.accumulate_grad_batches)
            self.optimizer_step_if_needed(batch_idx)
        return loss

    def optimizer_step_if_needed(self, batch_idx: int) -> None:
        """In the released form, take a step where the gradients of enough batches have gathered."""
        if self.accumulate_grad_batches is None or (batch_idx + 1) % self.accumulate_grad_batches:
            return
        optimizers = self.optimizers()
        for optimizer in optimizers if isinstance(optimizers, list) else [optimizers]:
            optimizer.step()
            optimizer.zero_grad()

    def validation_step(self, batch: Any, batch_idx: int, *args: Any, **kwargs: Any) -> Tensor:
        """The loss of a validation batch (image, target)."""
        return self.evaluate("val", self.forward_streaming(batch[0]), batch, self.val_metrics)

    def test_step(self, batch: Any, batch_idx: int, *args: Any, **kwargs: Any) -> Tensor:
        """The loss of a test batch (image, target)."""
        return self.evaluate("test", self.forward_streaming(batch[0]), batch, self.test_metrics)

    def configure_optimizers(self) -> Any:
        """Adam with a learning rate of 0.001; in the released form AdamW with 0.0001 and a weight decay of 0.00001."""
        if self.accumulate_grad_batches is None:
            return super().configure_optimizers()
        return torch.optim.AdamW(self.params, lr=1e-4, weight_decay=1e-5)
