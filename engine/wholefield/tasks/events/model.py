"""Flow networks and their cards: built fresh, or from a checkpoint."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from wholefield.errors import SourceError
from wholefield.flow.flow_network import FlowNetwork
from wholefield.flow.predictor import WARM_UP, FlowInput, to_sensor
from wholefield.flow.representations.registry import SizedEventSource
from wholefield.networks.flow.memory import fresh_memory
from wholefield.tasks.events.settings import FlowSettings
from wholefield.tasks.events.time_bin import fitting_bin
from wholefield.training.checkpoints import card_in, load_into, read_checkpoint
from wholefield.training.model_card import ModelCard


def input_of(card: ModelCard) -> FlowInput:
    """What the network of a card expects to be given."""
    given = card.input
    assert given.time_bin_us is not None
    return FlowInput(given.time_bin_us, given.representation, given.arguments, given.downsampling)


def input_for(network: FlowNetwork, card: ModelCard, recording: SizedEventSource) -> FlowInput:
    """What the network of a card is given of a recording: with the time bin that fits it, where it takes any.

    Raises:
        SourceError: The recording cannot be read.
    """
    given = input_of(card)
    if not card.input.any_time_bin:
        return given

    def motion(start_us: int, length: int) -> npt.NDArray[np.float32]:
        shorter = replace(given, delta_t=length)
        features = torch.from_numpy(shorter.features(recording, start_us - WARM_UP * length, WARM_UP + 1))
        with fresh_memory(network), torch.inference_mode():
            found = network(features[:, None].to(next(network.parameters())))[-1][-1, 0].float().cpu()
        return to_sensor(found, shorter, recording)

    return replace(given, delta_t=fitting_bin(recording, motion) or given.delta_t)


def build_flow(card: ModelCard, loss_weights: Mapping[str, float]) -> FlowNetwork:
    """A fresh network.

    Raises:
        SettingError: A value cannot work.
    """
    return FlowNetwork((1, card.input.channels, 1, 1), loss_weights, card.architecture, **card.arguments)


def load_flow(path: Path) -> tuple[FlowNetwork, ModelCard]:
    """Rebuild the network of a checkpoint, ready to predict.

    Raises:
        SourceError: The file is missing, damaged or something else.
    """
    content = read_checkpoint(path)
    card = card_in(content, path)
    if card.task != FlowSettings.task:
        raise SourceError(f"{path} is a checkpoint of the task {card.task}; choose one of a flow training.")
    # Prediction computes no loss; any weight that can work will do.
    network = build_flow(card, {"l1": 1.0})
    load_into(network, content, path)
    return network.eval(), card
