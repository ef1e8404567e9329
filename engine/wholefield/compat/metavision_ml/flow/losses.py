"""metavision_ml.flow.losses: the weighted sum of the losses."""

from wholefield.flow.losses import LOSS_NAMES, FlowLoss

__all__ = ["LOSS_NAMES", "FlowLoss"]
