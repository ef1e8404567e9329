"""metavision_ml.flow.lightning_model: the Lightning module that learns flow from events without labels."""

from collections.abc import Mapping, Sequence
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor

from wholefield.compat.metavision_ml.flow.demo import demo_frames, video_file, write_demo
from wholefield.flow.flow_network import FlowNetwork
from wholefield.flow.losses.supervised import supervised_loss
from wholefield.flow.scores.endpoint_error import EndpointError
from wholefield.flow.sequences import Batch

# A burst of noise events must not derail the training.
GRADIENT_NORM = 1.0


class FlowModel(LightningModule):
    """Learns flow from batches of consecutive time bins.

    Attributes:
        network: The `FlowNetwork`.
        test_aee: Average endpoint error in px per bin over the labels of the last test.

    Args:
        delta_t: Length of a time bin in us.
        preprocess: Name of the representation of the events.
        learning_rate: Learning rate of the optimizer (AdamW).
        array_dim: Shape of the features (time bins, channels, sensor height * 2**-k, sensor width * 2**-k).
        loss_weights: Weights of the losses by name; None selects the default ones; see `FlowNetwork`.
        feature_extractor_name: Name of the network.
        network_kwargs: Arguments of the network.
        draw_dense: Whether demo videos show the flow of every pixel as colors instead of arrows.

    Example:
        >>> import torch
        >>> from wholefield.compat.metavision_ml.flow import FlowModel
        >>> model = FlowModel(array_dim=(2, 6, 24, 32), loss_weights={"data": 1}, network_kwargs={"base": 4})
        >>> list(model.compute_loss(torch.rand(2, 1, 6, 24, 32)))
        ['data']
    """

    def __init__(
        self,
        delta_t: int = 50000,
        preprocess: str = "event_cube",
        learning_rate: float = 1e-05,
        array_dim: Sequence[int] = (1, 6, 240, 320),
        loss_weights: Mapping[str, float] | None = None,
        feature_extractor_name: str = "eminet",
        network_kwargs: Mapping[str, Any] | None = None,
        draw_dense: bool = False,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.set_defaults()
        self.network = FlowNetwork(
            tuple(array_dim), loss_weights, feature_extractor_name, **(network_kwargs or {})
        )
        self.test_aee = EndpointError()

    def set_defaults(self) -> None:
        """Give hyperparameters that an older checkpoint lacks the default values of the constructor."""
        for name, parameter in signature(FlowModel.__init__).parameters.items():
            if parameter.default is not Parameter.empty:
                self.hparams.setdefault(name, parameter.default)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Flows of features (T, B, C, H, W), coarsest first; see `FlowNetwork.forward`."""
        return self.network(x)

    def compute_loss(self, inputs: Tensor) -> dict[str, Tensor]:
        """The self-supervised losses of features.

        Args:
            inputs: float (T, B, C, H, W).

        Returns:
            Weighted scalars by name; their sum is the loss.
        """
        return self.network.compute_loss(inputs, self(inputs))

    def configure_optimizers(self) -> Any:
        """AdamW with its default settings."""
        return torch.optim.AdamW(self.network.parameters(), lr=self.hparams["learning_rate"])

    def on_train_epoch_start(self) -> None:
        """Clear the state that an earlier epoch or a validation left."""
        self.network.reset()

    def on_validation_epoch_start(self) -> None:
        """Clear the state that the training left."""
        self.network.reset()

    def on_test_epoch_start(self) -> None:
        """Clear the state that anything else left."""
        self.network.reset()

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The loss of one training batch; see `loss_step`."""
        return self.loss_step(batch, batch_idx, "train")

    def validation_step(self, batch: Batch, batch_nb: int) -> Tensor:
        """The loss of one validation batch; see `loss_step`."""
        return self.loss_step(batch, batch_nb, "val")

    def test_step(self, batch: Batch, batch_nb: int) -> Tensor:
        """The loss of one test batch; with labels also logs test_aee, the average endpoint error in px per bin."""
        return self.loss_step(batch, batch_nb, "test")

    def loss_step(self, batch: Batch, batch_idx: int, mode: str = "train") -> Tensor:
        """The supervised loss if the batch has labels, otherwise the self-supervised losses.

        Sequences that begin in the batch start from an empty state, elements that have run out do not
        count. Logs {mode}_loss and every term of it as {mode}_loss_{term}.

        Args:
            batch: As `FlowDataModule` loads it.
            batch_idx: Number of the batch in its epoch.
            mode: train, val or test.

        Returns:
            The loss, a scalar.
        """
        inputs, valid = batch["inputs"], batch["valid"]
        self.network.reset(batch["mask_keep_memory"])
        flows = [flow[:, valid] for flow in self(inputs)]
        if not bool(batch["frame_is_labeled"].any()):
            return self._logged(mode, self.network.compute_loss(inputs[:, valid], flows))
        labels = torch.stack(batch["labels"])[:, valid].to(inputs.device)
        loss = self._logged(mode, {"labels": supervised_loss(flows, labels)})
        if mode == "test" and self._trainer is not None:
            self.test_aee.update(flows[-1], labels)
            self.log("test_aee", self.test_aee)
        return loss

    def on_before_optimizer_step(self, optimizer: Any) -> None:
        """Clip the norm of the gradient."""
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_NORM)

    @torch.no_grad()
    def demo_video(
        self,
        test_data: Any,
        log_dir: str = ".",
        epoch: int = 0,
        num_batches: int = 100,
        write_video: bool = True,
        show_video: bool = False,
        mask_by_input: bool = True,
    ) -> Path | None:
        """Draw the flow of the first batches over their events.

        Args:
            test_data: Gives batches, such as the validation loader.
            log_dir: Folder for the folder of the videos.
            epoch: Number of the epoch, for the name of the file.
            num_batches: Batches to show.
            write_video: Whether to write log_dir/videos/video#{epoch}.mp4.
            show_video: Whether to show the frames in a window of OpenCV, if its build has windows.
            mask_by_input: Whether arrows are drawn only where there are events.

        Returns:
            The video file, or None if write_video is off.

        Raises:
            SettingError: There is no batch, or this build of OpenCV has no windows.
        """
        frames = demo_frames(self, test_data, num_batches, mask_by_input)
        path = video_file(Path(log_dir), epoch) if write_video else None
        write_demo(frames, path, show_video, self.hparams["delta_t"])
        return path

    def _logged(self, stage: str, losses: Mapping[str, Tensor]) -> Tensor:
        loss = torch.stack(list(losses.values())).sum()
        values = {f"{stage}_loss_{name}": value.detach() for name, value in losses.items()}
        # Without a trainer a step can be taken by hand, which Lightning would warn of.
        if self._trainer is not None:
            self.log_dict({f"{stage}_loss": loss.detach(), **values}, batch_size=1)
        return loss
