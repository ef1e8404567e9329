"""Errors of mixed-scale dense networks, named as in msd_pytorch."""

from wholefield.errors import WholefieldError


class Error(WholefieldError):
    """Base of the errors of mixed-scale dense networks."""


class InputError(Error):
    """Data or a setting cannot be used.

    Attributes:
        message: What is wrong and what to do.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class OptionError(InputError, ValueError):
    """An argument has a value that cannot work, such as an unknown loss or a depth of zero."""


class ShapeError(InputError, RuntimeError):
    """An image does not fit the network: channels, axes, data type, or smaller than a dilation."""


class LabelError(InputError, ValueError):
    """A label image holds values that are not labels."""


class CheckpointError(InputError, RuntimeError):
    """A file does not hold the parameters of a mixed-scale dense network."""
