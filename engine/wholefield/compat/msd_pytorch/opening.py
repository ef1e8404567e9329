"""Open a saved network without knowing its shape."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from wholefield.compat.msd_pytorch.errors import CheckpointError
from wholefield.compat.msd_pytorch.msd_model import MSDModel
from wholefield.compat.msd_pytorch.msd_regression_model import MSDRegressionModel
from wholefield.compat.msd_pytorch.msd_segmentation_model import MSDSegmentationModel
from wholefield.networks.msd.checkpoints import Settings, Task, read_checkpoint
from wholefield.networks.msd.spec import repeat_dilations


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
        dilations: Dilations that the network was trained with, for files that do not know them; 1 to 10 when None.

    Returns:
        The model, on the CPU, and the epochs that it has been trained for.

    Raises:
        CheckpointError: The file is of another kind, or knows other dilations than those given.
    """
    checkpoint = read_checkpoint(path)
    settings = checkpoint.settings
    if dilations is not None:
        given = repeat_dilations(dilations, settings.depth)
        if checkpoint.dilations_stored and given != settings.dilations:
            raise CheckpointError(
                f"{path} was trained with dilations {settings.dilations}; leave dilations away."
            )
        settings = replace(settings, dilations=given)
    model = build_model(settings)
    return model, model.load(path)
