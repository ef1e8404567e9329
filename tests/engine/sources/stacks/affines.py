"""The affine of a stack that must have one."""

import numpy as np
import numpy.typing as npt

from wholefield.sources import StackSource


def affine_of(stack: StackSource) -> npt.NDArray[np.float64]:
    """The affine, (4, 4)."""
    assert stack.geometry.affine is not None
    return stack.geometry.affine
