"""How the learning rate goes over a run: a short rise, then constant, half a cosine, steps, or down on plateaus."""

import math
from dataclasses import dataclass

from wholefield.training.settings import Schedule, TrainingSettings


def learning_rate_factor(
    settings: TrainingSettings, step: int, epoch_steps: int, reductions: int = 0
) -> float:
    """Factor of the learning rate for a step of the optimizer.

    The rise keeps the first steps of Adam, whose size does not depend on the gradient, from throwing a fresh
    network off; a fall lets it settle (Loshchilov and Hutter 2017, SGDR, eq. 5, without restarts).

    Args:
        settings: Schedule, warm-up and epochs.
        step: The step, counted from 0 over the whole run.
        epoch_steps: Steps of the optimizer in an epoch.
        reductions: Reductions so far, for the schedule plateau.

    Returns:
        The factor, from 0 to 1.

    Example:
        >>> settings = TrainingSettings(epochs=10, warm_up_steps=4)
        >>> [round(learning_rate_factor(settings, step, 10), 2) for step in (0, 3, 4, 52, 99)]
        [0.2, 0.8, 1.0, 0.5, 0.0]
    """
    steps = epoch_steps * settings.epochs
    warm_up = min(settings.warm_up_steps, steps // 4)
    if step < warm_up:
        return (step + 1) / (warm_up + 1)
    match settings.schedule:
        case Schedule.CONSTANT:
            return 1.0
        case Schedule.COSINE:
            done = min((step - warm_up) / max(steps - warm_up, 1), 1.0)
            return (1 + math.cos(math.pi * done)) / 2
        case Schedule.STEP:
            return float(settings.schedule_factor ** (step // (epoch_steps * settings.schedule_epochs)))
        case Schedule.PLATEAU:
            return float(settings.schedule_factor**reductions)


@dataclass
class Plateau:
    """Counts the reductions of the learning rate by the schedule plateau.

    Attributes:
        waited: Epochs since the last improvement or reduction.
        reductions: Reductions so far.
    """

    waited: int = 0
    reductions: int = 0

    def end_epoch(self, patience: int, *, improved: bool) -> None:
        """Take note of an epoch; after `patience` epochs without a better one the rate is reduced."""
        self.waited = 0 if improved else self.waited + 1
        if self.waited >= patience:
            self.waited, self.reductions = 0, self.reductions + 1
