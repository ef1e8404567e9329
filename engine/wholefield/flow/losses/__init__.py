"""The losses that teach a network flow without labels, each as a function, and their weighted sum."""

from wholefield.flow.losses.criterion import DEFAULT_WEIGHTS, LOSS_NAMES, FlowLoss
from wholefield.flow.losses.penalty import charbonnier
from wholefield.flow.losses.regularization import l1_loss, smoothness2_loss, smoothness_loss
from wholefield.flow.losses.task import backward_deblur_loss, data_loss, micro_times, time_consistency_loss

__all__ = [
    "DEFAULT_WEIGHTS",
    "LOSS_NAMES",
    "FlowLoss",
    "backward_deblur_loss",
    "charbonnier",
    "data_loss",
    "l1_loss",
    "micro_times",
    "smoothness2_loss",
    "smoothness_loss",
    "time_consistency_loss",
]
