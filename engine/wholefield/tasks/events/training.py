"""The training of a flow network: losses, and error against labels where there are some."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from wholefield.flow.flow_network import FlowNetwork
from wholefield.flow.scores.endpoint_error import endpoint_error
from wholefield.flow.sequences import Batch
from wholefield.networks.flow.memory import Memory, memory_of, remember
from wholefield.tasks.events.settings import FlowSettings
from wholefield.training.model_card import ModelCard
from wholefield.training.quality import ENDPOINT_ERROR
from wholefield.training.trainee import LOSSES, Trainee

CARRIED = "flow_carried"
FORMER_TERMS = "flow_terms"
BatchLosses = Callable[[FlowNetwork, Batch, list[Tensor]], dict[str, Tensor]]


class FlowTraining(Trainee):
    """Trains a flow network on batches of consecutive time bins.

    Attributes:
        network: The network.
        last_terms: Weighted loss terms of the newest step by name.
    """

    network: FlowNetwork

    def __init__(
        self, network: FlowNetwork, card: ModelCard, settings: FlowSettings, losses: BatchLosses
    ) -> None:
        """Set up; `losses` gives the terms of a batch and its flows."""
        super().__init__(network, card, settings, ENDPOINT_ERROR)
        self._terms = losses
        self._carried: Memory | None = None

    def on_train_epoch_start(self) -> None:
        """Forget what a validation left."""
        self.network.reset()

    def on_validation_epoch_start(self) -> None:
        """Forget what the training left, and count from nothing."""
        super().on_validation_epoch_start()
        self.network.reset()

    def on_validation_epoch_end(self) -> None:
        """Forget what the validation left."""
        self.network.reset()

    def loss(self, batch: Batch) -> Tensor:
        """The sum of the weighted terms of one batch."""
        if self._carried is not None:
            remember(self.network, self._carried)
            self._carried = None
        terms, _ = self._step(batch)
        self.last_terms = {name: float(value.detach()) for name, value in terms.items()}
        return torch.stack(list(terms.values())).sum()

    def judge(self, batch: Batch) -> Mapping[str, float]:
        """The loss of one batch; with labels also its endpoint error, and that of no motion."""
        terms, flows = self._step(batch)
        found = {"loss": float(torch.stack(list(terms.values())).sum())}
        if batch["labels"]:
            label = torch.stack(batch["labels"])[:, batch["valid"]]
            found["aee"] = float(endpoint_error(flows[-1], label))
            found["aee_of_zero"] = float(endpoint_error(torch.zeros_like(label), label))
        return found

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what the network carries from batch to batch in an unfinished epoch."""
        super().on_save_checkpoint(checkpoint)
        checkpoint[CARRIED] = memory_of(self.network)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up at the next step what the network carried."""
        # Checkpoints of before: nothing was carried in the oldest, so that their sequences start again.
        self._carried = checkpoint.get(CARRIED)
        if FORMER_TERMS in checkpoint:
            checkpoint[LOSSES] = [row["loss"] for row in checkpoint[FORMER_TERMS]]
        super().on_load_checkpoint(checkpoint)

    def _step(self, batch: Batch) -> tuple[dict[str, Tensor], list[Tensor]]:
        self.network.reset(batch["mask_keep_memory"])
        flows = [flow[:, batch["valid"]] for flow in self.network(batch["inputs"])]
        return self._terms(self.network, batch, flows), flows
