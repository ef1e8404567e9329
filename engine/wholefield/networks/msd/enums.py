"""What a user chooses by name. Imports no torch, so that settings and forms can offer it at once."""

from enum import StrEnum


class Task(StrEnum):
    """What a network is trained for."""

    REGRESSION = "regression"
    SEGMENTATION = "segmentation"


class Loss(StrEnum):
    """What regression makes small: the mean absolute (L1) or the mean squared error (L2)."""

    L1 = "L1"
    L2 = "L2"


class Schedule(StrEnum):
    """How the learning rate changes over the epochs."""

    CONSTANT = "constant"
    COSINE = "cosine"
    ONE_CYCLE = "one cycle"
