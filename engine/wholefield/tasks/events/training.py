"""The Lightning module of the task flow: losses, and error against labels where there are some."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from wholefield.flow.flow_network import FlowNetwork
from wholefield.flow.scores.endpoint_error import endpoint_error
from wholefield.flow.sequences import Batch
from wholefield.networks.flow.memory import Memory, memory_of, remember
from wholefield.tasks.events.spec import FlowSpec
from wholefield.training.checkpoints import SPEC
from wholefield.training.progress import Score, Trainee
from wholefield.training.schedule import learning_rate_factor

TERMS = "flow_terms"
CARRIED = "flow_carried"
BatchLosses = Callable[[FlowNetwork, Batch, list[Tensor]], dict[str, Tensor]]


class FlowTraining(Trainee):
    """Trains a flow network on batches of consecutive time bins.

    Attributes:
        network: the network; registered, so that it is saved and moved.
        last_terms: weighted loss terms of the newest step by name.
    """

    def __init__(
        self, network: FlowNetwork, spec: FlowSpec, losses: BatchLosses, learning_rate: float, steps: int
    ) -> None:
        """Set up for a run of `steps` steps; `losses` gives the terms of a batch and its flows."""
        super().__init__()
        self.network = network
        self.last_terms: Mapping[str, float] = {}
        self._spec = spec
        self._losses = losses
        self._learning_rate = learning_rate
        self._steps = steps
        self._training: list[dict[str, float]] = []
        self._validation: list[dict[str, float]] = []
        self._resumed: Memory | None = None

    def configure_optimizers(self) -> Any:
        """AdamW with its customary settings; the learning rate rises shortly, then falls to the end."""
        optimizer = torch.optim.AdamW(self.network.parameters(), lr=self._learning_rate)
        scheduler = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: learning_rate_factor(step, self._steps)
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def on_train_epoch_start(self) -> None:
        """Forget what a validation left."""
        self.network.reset()

    def on_validation_epoch_start(self) -> None:
        """Forget what the training left, and count from nothing."""
        self.network.reset()
        self._validation = []

    def on_validation_epoch_end(self) -> None:
        """Forget what the validation left."""
        self.network.reset()

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """The loss of one batch."""
        if self._resumed is not None:
            remember(self.network, self._resumed)
            self._resumed = None
        losses, _ = self._step(batch)
        loss = torch.stack(list(losses.values())).sum()
        self.last_terms = {name: float(value.detach()) for name, value in losses.items()}
        self.last_loss = sum(self.last_terms.values())
        self._training.append({"loss": self.last_loss})
        return loss

    def validation_step(self, batch: Batch, index: int) -> None:
        """Count one validation batch; with labels also its endpoint error, and that of no motion."""
        losses, flows = self._step(batch)
        found = {"loss": float(torch.stack(list(losses.values())).sum())}
        if batch["labels"]:
            label = torch.stack(batch["labels"])[:, batch["valid"]]
            found["aee"] = float(endpoint_error(flows[-1], label))
            found["aee_of_zero"] = float(endpoint_error(torch.zeros_like(label), label))
        self._validation.append(found)

    def epoch_metrics(self) -> Mapping[str, float]:
        """Means over the batches of the epoch."""
        training, self._training = self._training, []
        validation, self._validation = self._validation, []
        return means("training", training) | means("validation", validation)

    def score(self, metrics: Mapping[str, float]) -> Score:
        """Lower validation error, or loss where nothing is labelled, is better."""
        for name in ("validation_aee", "validation_loss", "training_loss"):
            if name in metrics:
                return (-metrics[name],)
        return (0.0,)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what prediction needs to know; the losses of an unfinished epoch, and what the network carries in it."""
        checkpoint[SPEC] = self._spec.to_plain()
        checkpoint[CARRIED] = memory_of(self.network)
        checkpoint[TERMS] = list(self._training)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take up the losses of an unfinished epoch, and at its next step what the network carried."""
        # Older checkpoints hold nothing carried: their unfinished sequences begin afresh.
        self._resumed = checkpoint.get(CARRIED)
        self._training = list(checkpoint[TERMS])

    def _step(self, batch: Batch) -> tuple[dict[str, Tensor], list[Tensor]]:
        self.network.reset(batch["mask_keep_memory"])
        flows = [flow[:, batch["valid"]] for flow in self.network(batch["inputs"])]
        return self._losses(self.network, batch, flows), flows


def means(stage: str, rows: list[dict[str, float]]) -> dict[str, float]:
    """Mean of every value of some batches, its name after that of the stage; empty where there were none.

    Values that are no number, as an endpoint error without any labelled pixel, are left out.
    """
    found: dict[str, float] = {}
    for name in {name: None for row in rows for name in row}:
        values = [row[name] for row in rows if row.get(name) == row.get(name) and name in row]
        if values:
            found[f"{stage}_{name}"] = sum(values) / len(values)
    return found
