"""The description of a trained flow network that its checkpoint holds, and how to rebuild the network."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from wholefield.errors import SourceError
from wholefield.flow.flow_network import FlowNetwork
from wholefield.flow.predictor import FlowInput
from wholefield.tasks.events.settings import FlowSettings
from wholefield.training.checkpoints import SPEC, load_into, read_checkpoint


@dataclass(frozen=True)
class FlowSpec:
    """What must be known, beside the weights, to find flow in a recording.

    Attributes:
        network: name of the network.
        channels: channels of the features.
        base: channels of the finest layer.
        scales: how often it halves the picture.
        rnn_cell: its recurrent cell.
        preprocess: representation of the events.
        delta_t: length of a time bin in us.
        arguments: further arguments of the representation.
        downsampling: how often the sensor is halved before the network sees it.
    """

    network: str
    channels: int
    base: int
    scales: int
    rnn_cell: str
    preprocess: str
    delta_t: int
    arguments: Mapping[str, Any] = field(default_factory=dict)
    downsampling: int = 0

    @property
    def given(self) -> FlowInput:
        """What the network expects to be given."""
        return FlowInput(self.delta_t, self.preprocess, self.arguments, self.downsampling)

    def to_plain(self) -> dict[str, Any]:
        """As plain values, for a checkpoint."""
        return asdict(self) | {"task": FlowSettings.task}

    @classmethod
    def from_plain(cls, values: Mapping[str, Any]) -> Self:
        """The inverse of `to_plain`; raises KeyError or TypeError where values are missing."""
        return cls(**{name: value for name, value in values.items() if name != "task"})

    def build(self, loss_weights: Mapping[str, float]) -> FlowNetwork:
        """A fresh network.

        Raises:
            SettingError: a value cannot work.
        """
        return FlowNetwork(
            (1, self.channels, 1, 1),
            loss_weights,
            self.network,
            base=self.base,
            scales=self.scales,
            rnn_cell=self.rnn_cell,
        )


def flow_spec(content: Mapping[str, Any], path: Path) -> FlowSpec:
    """The description in a checkpoint.

    Raises:
        SourceError: it is incomplete, or that of something else.
    """
    if content[SPEC]["task"] != FlowSettings.task:
        raise SourceError(
            f"{path} is a checkpoint of the task {content[SPEC]['task']}; choose one of a flow training."
        )
    try:
        return FlowSpec.from_plain(content[SPEC])
    except (KeyError, TypeError) as error:
        raise SourceError(
            f"{path} describes its flow network incompletely ({error}); train it again."
        ) from error


def load_flow(path: Path) -> tuple[FlowNetwork, FlowSpec]:
    """Rebuild the network of a checkpoint, ready to predict.

    Raises:
        SourceError: the file is missing, damaged or something else.
    """
    content = read_checkpoint(path)
    spec = flow_spec(content, path)
    # Prediction computes no loss; any weight that can work will do.
    network = spec.build({"l1": 1.0})
    load_into(network, content, path)
    return network.eval(), spec
