"""The task flow: train a network to find optical flow in event recordings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.flow.flow_network import FlowNetwork
from wholefield.flow.losses.contrast import contrast_loss
from wholefield.flow.losses.supervised import supervised_loss
from wholefield.flow.representations import preprocessor
from wholefield.flow.sequences import Batch, SequenceLoader
from wholefield.flow.sequences.windows import max_consecutive_batches
from wholefield.networks.flow.memory import starting_afresh
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import FlowPreviewReady, Level, Message, ReportFunction, Started
from wholefield.tasks.events.data import FlowData
from wholefield.tasks.events.settings import FlowSettings, Teacher
from wholefield.tasks.events.spec import FlowSpec, flow_spec
from wholefield.tasks.events.training import BatchLosses, FlowTraining
from wholefield.tasks.slides.training import demand_same
from wholefield.training.checkpoints import read_checkpoint
from wholefield.training.progress import RunProgress
from wholefield.training.trainer import quiet_trainer

# A burst of noise events must not throw the network off.
GRADIENT_NORM = 1.0


def train_flow(config: FlowSettings, folder: RunFolder, report: ReportFunction, control: Control) -> None:
    """Run the task; goes on from last.ckpt where the folder has one, with what the network carried then.

    Raises:
        WholefieldError: files or settings cannot work.
        StopAndKeep: the control asked for it; last.ckpt and best.ckpt are written.
        Discarded: the control asked for it.
    """
    data = FlowData(config)
    try:
        _train(config, data, folder, report, control)
    finally:
        data.close()


def _train(
    config: FlowSettings, data: FlowData, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    spec = spec_of(config, data)
    if folder.last.exists():
        earlier = flow_spec(read_checkpoint(folder.last), folder.last)
        demand_same(earlier, spec, tuple(vars(spec)), folder)
    torch.manual_seed(config.seed)
    network = spec.build(config.loss_weights or {"l1": 1.0})
    steps = len(data.training) * config.epochs
    report(Started(config.task, folder.path, steps, config.epochs))
    if data.validation is None:
        report(Message(Level.WARNING, "The recordings are too short to keep any of them for validation."))
    module = FlowTraining(network, spec, batch_losses(config), config.learning_rate, steps)
    progress = FlowProgress(config, data, folder, report, control)
    trainer = quiet_trainer(
        epochs=config.epochs,
        precision=config.precision,
        device=config.device,
        folder=folder.path,
        callback=progress,
        gradient_clip_val=GRADIENT_NORM,
    )
    resume = folder.last if folder.last.exists() else None
    trainer.fit(module, data.training, data.validation, ckpt_path=resume, weights_only=True)


def batch_losses(config: FlowSettings) -> BatchLosses:
    """What gives the weighted loss terms of a batch, by the teacher of the settings."""

    def documented(network: FlowNetwork, batch: Batch, flows: list[Tensor]) -> dict[str, Tensor]:
        return network.compute_loss(batch["inputs"][:, batch["valid"]], flows) if config.loss_weights else {}

    def from_labels(network: FlowNetwork, batch: Batch, flows: list[Tensor]) -> dict[str, Tensor]:
        labels = torch.stack(batch["labels"])[:, batch["valid"]]
        return {"labels": supervised_loss(flows, labels)} | documented(network, batch, flows)

    def from_events(network: FlowNetwork, batch: Batch, flows: list[Tensor]) -> dict[str, Tensor]:
        events = batch["events"]
        if events is None:
            raise SettingError(
                "The contrast loss needs events; train on recordings instead of feature files."
            )
        sharpness = contrast_loss(some(events, config.contrast_events), flows[-1])
        return {"contrast": config.weight_contrast * sharpness} | documented(network, batch, flows)

    teachers = {Teacher.FRAMES: documented, Teacher.LABELS: from_labels, Teacher.CONTRAST: from_events}
    return teachers[config.teacher]


def some(events: Tensor, limit: int) -> Tensor:
    """At most `limit` of the events, evenly spread over the table: they tell of the motion as all of them do."""
    if len(events) <= limit:
        return events
    return events[torch.linspace(0, len(events) - 1, limit, device=events.device).long()]


class FlowProgress(RunProgress):
    """Besides what every run reports, a preview at the start and after every epoch; lengthens the sequences."""

    def __init__(
        self,
        config: FlowSettings,
        data: FlowData,
        folder: RunFolder,
        report: ReportFunction,
        control: Control,
    ) -> None:
        super().__init__(folder, report, control, self._begin)
        self._curriculum = config.curriculum
        self._data = data
        self._picture: Callable[[Any], Any] = preprocessor(config.preprocess).visualize

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Start the clock, and show what the network makes of the events before it learned anything."""
        super().on_train_start(trainer, pl_module)
        # Lightning does not start an epoch again that a resumed run is in the middle of.
        self._lengthen(trainer.current_epoch)
        self._preview(trainer.current_epoch, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Report, save and show the epoch."""
        super().on_train_epoch_end(trainer, pl_module)
        self._preview(trainer.current_epoch + 1, pl_module)

    def _begin(self, epoch: int) -> None:
        self._lengthen(epoch)
        self._data.training.begin(epoch)

    def _lengthen(self, epoch: int) -> None:
        self._data.training.max_consecutive = max_consecutive_batches(self._curriculum, epoch + 1)

    def _preview(self, epoch: int, module: Any) -> None:
        self._report(preview(module.network, self._data.preview, epoch, self._picture))


@torch.no_grad()
def preview(
    network: FlowNetwork, loader: SequenceLoader, epoch: int, picture: Callable[[Any], Any]
) -> FlowPreviewReady:
    """Flow and events of the last time bin of the first batch; what the network carries stays as it is."""
    batch = loader.batch(loader.batches()[0])
    training = network.training
    network.eval()
    device = next(network.parameters()).device
    with starting_afresh(network):
        flow = network(batch["inputs"][:, :1].to(device))[-1][-1, 0].float().cpu().numpy()
    network.train(training)
    features = batch["inputs"][-1, 0].numpy()
    (metadata, start, duration), *_ = (info for info in batch["video_infos"] if info is not None)
    return FlowPreviewReady(
        epoch=epoch,
        time_us=start + duration,
        flow=flow * (2 ** loader.sources[0].factor * 1e6 / metadata.delta_t),
        picture=picture(features),
        mask=(features != 0).any(0),
        path=Path(metadata.path),
    )


def spec_of(config: FlowSettings, data: FlowData) -> FlowSpec:
    """The description of the network that the settings ask for."""
    return FlowSpec(
        network=config.network.value,
        channels=data.training.sources[0].channels,
        base=config.base,
        scales=config.scales,
        rnn_cell=config.rnn_cell.value,
        preprocess=config.preprocess,
        delta_t=config.delta_t,
        arguments=preprocessor(config.preprocess).arguments({}),
        downsampling=data.training.sources[0].factor,
    )
