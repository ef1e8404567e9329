"""The losses that train flow networks, as functions and as their weighted sum."""

from wholefield.flow.losses.contrast import ContrastLoss, ContrastMeasure, contrast_loss, event_list
from wholefield.flow.losses.criterion import DEFAULT_WEIGHTS, LOSS_NAMES, FlowLoss
from wholefield.flow.losses.penalty import charbonnier
from wholefield.flow.losses.regularization import l1_loss, smoothness2_loss, smoothness_loss
from wholefield.flow.losses.supervised import supervised_loss
from wholefield.flow.losses.task import backward_deblur_loss, data_loss, micro_times, time_consistency_loss

__all__ = [
    "DEFAULT_WEIGHTS",
    "LOSS_NAMES",
    "ContrastLoss",
    "ContrastMeasure",
    "FlowLoss",
    "backward_deblur_loss",
    "charbonnier",
    "contrast_loss",
    "data_loss",
    "event_list",
    "l1_loss",
    "micro_times",
    "smoothness2_loss",
    "smoothness_loss",
    "supervised_loss",
    "time_consistency_loss",
]
