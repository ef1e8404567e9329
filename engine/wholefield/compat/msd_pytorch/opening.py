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
    """A new model from the settings of a network.

    Args:
        settings: As a checkpoint holds them, or another model's settings.

    Returns:
        An MSDSegmentationModel or an MSDRegressionModel, by the task.

    Example:
        >>> from wholefield.compat.msd_pytorch import MSDSegmentationModel, build_model
        >>> type(build_model(MSDSegmentationModel(1, 3, 2, 1).settings)).__name__
        'MSDSegmentationModel'
    """
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

    Example:
        >>> from wholefield.compat.msd_pytorch import MSDRegressionModel, open_model
        >>> MSDRegressionModel(1, 1, depth=4, width=2, dilations=[1, 3]).save("net.torch", epoch=12)
        >>> model, epoch = open_model("net.torch")
        >>> model.depth, model.dilations, epoch
        (4, (1, 3, 1, 3), 12)
    """
    model = build_model(MSDNetwork.from_checkpoint(path, dilations).settings)
    return model, model.load(path)
