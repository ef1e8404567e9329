"""The figure by which the epochs of a training are compared. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass

Score = tuple[float, ...]
"""How good an epoch was; the greater tuple wins."""


@dataclass(frozen=True)
class Quality:
    """The figure of the validation by which epochs are compared.

    Attributes:
        metric: Its name among the metrics of an epoch, such as `validation_dice`.
        title: Its name on the screen, with its unit, such as "PSNR, dB".
        larger_is_better: Which of two is the better one.
        range: Smallest and largest value, where the axis of a plot should show both.
    """

    metric: str
    title: str
    larger_is_better: bool = True
    range: tuple[float, float] | None = None

    def score(self, metrics: Mapping[str, float]) -> Score:
        """How good an epoch with these metrics was.

        Of equal figures the lower validation loss wins. Data that cannot give the figure, such as recordings without
        labels, are compared by that loss alone; a training that keeps nothing for validation, by its training loss.
        """
        loss = [-metrics[name] for name in ("validation_loss", "training_loss") if name in metrics][:1]
        if self.metric not in metrics:
            return tuple(loss)
        value = metrics[self.metric]
        return (value if self.larger_is_better else -value, *loss)


ACCURACY = Quality("validation_accuracy", "Accuracy", range=(0, 1))
DICE = Quality("validation_dice", "Dice", range=(0, 1))
PSNR = Quality("validation_psnr", "PSNR, dB")
SPLIT_ERROR = Quality("validation_loss", "Split error", larger_is_better=False)
ENDPOINT_ERROR = Quality("validation_aee", "Endpoint error, px", larger_is_better=False)
