"""Open a saved network without knowing its shape."""

from collections.abc import Iterable
from pathlib import Path

from wholefield.compat.msd_pytorch.msd_model import MSDModel
from wholefield.compat.msd_pytorch.msd_regression_model import MSDRegressionModel
from wholefield.compat.msd_pytorch.msd_segmentation_model import MSDSegmentationModel
from wholefield.networks.msd.checkpoints import Settings
from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.network import MSDNetwork


def build_model(settings: Settings) -> MSDModel:
    """A new model from its settings."""
    kind = MSDSegmentationModel if settings.task is Task.SEGMENTATION else MSDRegressionModel
    return kind(
        settings.c_in,
        settings.c_out,
        settings.depth,
        settings.width,
        dilations=settings.dilations,
        ndim=settings.ndim,
    )


def open_model(path: str | Path, dilations: Iterable[int] | None = None) -> tuple[MSDModel, int]:
    """Open a checkpoint of ours or of msd_pytorch; depth, width, channels and task are read off its parameters.

    Args:
        path: The file.
        dilations: Dilations that the network was trained with, for files that do not store them; 1 to 10 when None.

    Returns:
        The model, on the CPU, and the epochs that it has been trained for.

    Raises:
        CheckpointError: The file is of another kind, or stores other dilations than those given.
    """
    model = build_model(MSDNetwork.from_checkpoint(path, dilations).settings)
    return model, model.load(path)
