"""Flow networks and their cards: built fresh, or from a checkpoint."""

from collections.abc import Mapping
from pathlib import Path

from wholefield.errors import SourceError
from wholefield.flow.flow_network import FlowNetwork
from wholefield.flow.predictor import FlowInput
from wholefield.tasks.events.settings import FlowSettings
from wholefield.training.checkpoints import card_in, load_into, read_checkpoint
from wholefield.training.model_card import ModelCard


def input_of(card: ModelCard) -> FlowInput:
    """What the network of a card expects to be given."""
    given = card.input
    assert given.time_bin_us is not None
    return FlowInput(given.time_bin_us, given.representation, given.arguments, given.downsampling)


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
