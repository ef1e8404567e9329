"""Small volumes for the tests of stacks, and the sentence with which one is refused."""

from pathlib import Path

import numpy as np
import pytest

from wholefield.errors import SourceError
from wholefield.sources import open_stack
from wholefield.sources.stacks.stack import AnyArray

TURN = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])


def volume(*shape: int, dtype: str = "i2") -> AnyArray:
    return (np.random.default_rng(6).random(shape or (4, 5, 6)) * 200).astype(dtype)


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught, open_stack(path) as stack:
        stack.read()
    return str(caught.value)
