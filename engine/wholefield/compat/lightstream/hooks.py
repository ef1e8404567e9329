"""What Lightning calls around training, validation, test and prediction of a streamed network."""

import lightning as L

from wholefield.compat.lightstream.cnn import StreamingCNN
from wholefield.compat.lightstream.data_parallel import check_wrapper, wait_for_all_parameters
from wholefield.networks.normalization import freeze_normalization


class StreamingHooks(L.LightningModule):
    """The hooks of a streamed network; whoever overrides one calls the parent's first.

    Attributes:
        stream_network: The streamed part.
        train_streaming_layers: Whether it learns.
        use_streaming: Whether it is streamed at all.
    """

    stream_network: StreamingCNN
    train_streaming_layers: bool
    use_streaming: bool

    def freeze_streaming_normalization_layers(self) -> None:
        """Put batch normalization of the streamed part into evaluation mode, where it is a local operation."""
        freeze_normalization(self.stream_network.stream_module)

    def setup(self, stage: str) -> None:
        """Let data parallel training wait for the streamed parameters."""
        if self.use_streaming and self.train_streaming_layers:
            wait_for_all_parameters(self.trainer.strategy)

    def on_train_epoch_start(self) -> None:
        """Freeze normalization."""
        self.freeze_streaming_normalization_layers()

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
        self.freeze_streaming_normalization_layers()
