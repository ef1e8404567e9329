"""metavision_ml.flow.callbacks: longer sequences from epoch to epoch, and demo videos between the epochs."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from wholefield.errors import SettingError
from wholefield.flow.sequences.windows import max_consecutive_batches


class FlowCallback(Callback):
    """Lengthens the sequences from epoch to epoch and writes demo videos.

    Args:
        data_module: The `FlowDataModule` of the training.
        curriculum_param: p of the law max_consecutive_batch = int(p ** (epoch - 1)).
        video_result_every_n_epochs: Epochs from one video to the next.
        mask_flow_by_input: Whether videos show flow only where there are events.

    Raises:
        SettingError: A value is below 1.

    Example:
        >>> from wholefield.compat.metavision_ml.flow import FlowCallback, FlowDataModule
        >>> FlowCallback(FlowDataModule({}, "recordings"), curriculum_param=2).video_result_every_n_epochs
        2
    """

    def __init__(
        self,
        data_module: Any,
        curriculum_param: float = 1.414,
        video_result_every_n_epochs: int = 2,
        mask_flow_by_input: bool = True,
    ) -> None:
        if curriculum_param < 1 or video_result_every_n_epochs < 1:
            raise SettingError("curriculum_param and video_result_every_n_epochs must be at least 1.")
        self.data_module = data_module
        self.curriculum_param = curriculum_param
        self.video_result_every_n_epochs = video_result_every_n_epochs
        self.mask_flow_by_input = mask_flow_by_input

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Tell the training data which epoch starts and how long its sequences may be."""
        epoch = trainer.current_epoch
        consecutive = max_consecutive_batches(self.curriculum_param, epoch + 1)
        self.data_module.begin_epoch(epoch, consecutive)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Write a video of the validation data after every n-th epoch."""
        epoch = trainer.current_epoch + 1
        if epoch % self.video_result_every_n_epochs == 0:
            pl_module.demo_video(
                self.data_module.val_dataloader(),
                log_dir=trainer.log_dir or trainer.default_root_dir,
                epoch=epoch,
                mask_by_input=self.mask_flow_by_input,
            )
