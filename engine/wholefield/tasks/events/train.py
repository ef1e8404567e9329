"""The task flow: train a network to find optical flow in event recordings."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.flow.flow_network import FlowNetwork
from wholefield.flow.losses.contrast import contrast_loss
from wholefield.flow.losses.supervised import supervised_loss
from wholefield.flow.representations import preprocessor
from wholefield.flow.sequences import Batch, SequenceLoader
from wholefield.networks.flow.memory import fresh_memory
from wholefield.runs.control import Control
from wholefield.runs.eta import PartCounter
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Level, Message, PreviewReady, ReportFunction, Started
from wholefield.tasks.events.data import FlowData
from wholefield.tasks.events.model import build_flow
from wholefield.tasks.events.settings import INDEXING, FlowSettings, Teacher
from wholefield.tasks.events.training import BatchLosses, FlowTraining
from wholefield.training.checkpoints import continues, start_from
from wholefield.training.kept_split import keep_split, kept_split
from wholefield.training.loop import fit
from wholefield.training.model_card import InputCard, ModelCard, versions


def train_flow(settings: FlowSettings, folder: RunFolder, report: ReportFunction, control: Control) -> None:
    """Run the task; continues from last.ckpt if the folder has one, with what the network carried then.

    Raises:
        WholefieldError: files or settings cannot work.
        StopAndKeep: the control asked for it; last.ckpt is written.
        Discarded: the control asked for it.
    """
    indexed = PartCounter(INDEXING, 0, report, control).done
    data = FlowData(settings, kept_split(folder), indexed)
    try:
        _train(settings, data, folder, report, control)
    finally:
        data.close()


def _train(
    settings: FlowSettings, data: FlowData, folder: RunFolder, report: ReportFunction, control: Control
) -> None:
    card = card_for(settings, data)
    continues(folder, card)
    torch.manual_seed(settings.seed)
    network = build_flow(card, settings.loss_weights or {"l1": 1.0})
    if settings.initial_weights is not None:
        start_from(network, Path(settings.initial_weights))
    steps = len(data.training) * settings.epochs
    report(Started(settings.task, folder.path, steps, settings.epochs))
    keep_split(folder, data.split)
    if data.validation is None:
        report(Message(Level.WARNING, "The recordings are too short to keep any of them for validation."))
    module = FlowTraining(network, card, settings, batch_losses(settings))
    picture = preprocessor(settings.preprocess).visualize
    fit(
        module,
        data.training,
        data.validation,
        settings,
        folder,
        report,
        control,
        preview=partial(preview, network, data.preview, picture),
    )


def batch_losses(settings: FlowSettings) -> BatchLosses:
    """What gives the weighted loss terms of a batch, by the teacher of the settings."""

    def documented(network: FlowNetwork, batch: Batch, flows: list[Tensor]) -> dict[str, Tensor]:
        return (
            network.compute_loss(batch["inputs"][:, batch["valid"]], flows) if settings.loss_weights else {}
        )

    def from_labels(network: FlowNetwork, batch: Batch, flows: list[Tensor]) -> dict[str, Tensor]:
        labels = torch.stack(batch["labels"])[:, batch["valid"]]
        return {"labels": supervised_loss(flows, labels)} | documented(network, batch, flows)

    def from_events(network: FlowNetwork, batch: Batch, flows: list[Tensor]) -> dict[str, Tensor]:
        events = batch["events"]
        if events is None:
            raise SettingError(
                "The contrast loss needs events; train on recordings instead of feature files."
            )
        sharpness = contrast_loss(some(events, settings.contrast_events), flows[-1])
        return {"contrast": settings.weight_contrast * sharpness} | documented(network, batch, flows)

    teachers = {Teacher.FRAMES: documented, Teacher.LABELS: from_labels, Teacher.CONTRAST: from_events}
    return teachers[settings.teacher]


def some(events: Tensor, limit: int) -> Tensor:
    """At most `limit` of the events, evenly spread over the table: they tell of the motion as all of them do."""
    if len(events) <= limit:
        return events
    return events[torch.linspace(0, len(events) - 1, limit, device=events.device).long()]


@torch.no_grad()
def preview(
    network: FlowNetwork, loader: SequenceLoader, picture: Callable[[Any], Any], epoch: int
) -> PreviewReady:
    """Flow and events of the last time bin of the first batch; what the network carries stays as it is."""
    batch = loader.batch(loader.batches()[0])
    training = network.training
    network.eval()
    like = next(network.parameters())
    with fresh_memory(network):
        flow = network(batch["inputs"][:, :1].to(like))[-1][-1, 0].float().cpu().numpy()
    network.train(training)
    features = batch["inputs"][-1, 0].numpy()
    (metadata, start, duration), *_ = (info for info in batch["video_infos"] if info is not None)
    pictures = {
        "flow": flow * (2 ** loader.sources[0].factor * 1e6 / metadata.delta_t),
        "events": picture(features),
        "mask": (features != 0).any(0),
    }
    return PreviewReady(epoch, start + duration, pictures, path=Path(metadata.path))


def card_for(settings: FlowSettings, data: FlowData) -> ModelCard:
    """The card of the network that the settings ask for."""
    source = data.training.sources[0]
    return ModelCard(
        settings.task,
        settings.network.value,
        {"base": settings.base, "scales": settings.scales, "rnn_cell": settings.rnn_cell.value},
        input=InputCard(
            source.channels,
            representation=settings.preprocess,
            arguments=preprocessor(settings.preprocess).arguments({}),
            time_bin_us=settings.delta_t,
            downsampling=source.factor,
        ),
        data=data.files,
        versions=versions(),
    )
