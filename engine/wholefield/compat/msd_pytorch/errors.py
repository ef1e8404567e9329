"""Errors of mixed-scale dense networks under the names of msd_pytorch."""

from wholefield.networks.msd.errors import CheckpointError, Error, InputError, LabelError, ShapeError

__all__ = ["CheckpointError", "Error", "InputError", "LabelError", "ShapeError"]
