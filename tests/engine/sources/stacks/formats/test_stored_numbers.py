"""Factors and summands of stored numbers, as NetCDF keeps them."""

from typing import Any

import numpy as np
import pytest

from wholefield.sources.stacks.formats.stored_numbers import packing_told


@pytest.mark.parametrize(
    ("attributes", "told"),
    [
        ({}, ""),
        ({"scale_factor": 1.0, "add_offset": 0}, ""),
        ({"scale_factor": np.array([0.25])}, "0.25 times the number plus 0"),
        ({"add_offset": -1024}, "1 times the number plus -1024"),
        ({"scale_factor": "words"}, ""),
        ({"scale_factor": []}, ""),
    ],
)
def test_what_is_told(attributes: dict[str, Any], told: str) -> None:
    assert told in "".join(packing_told(attributes))
    assert bool(packing_told(attributes)) == bool(told)
