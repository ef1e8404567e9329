"""Attributes by which NetCDF and xarray say that stored numbers stand for others; they are told and not applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

# https://docs.unidata.ucar.edu/netcdf-c/current/attribute_conventions.html
FACTOR, SUMMAND = "scale_factor", "add_offset"


def packing_told(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """A sentence where attributes give a factor or a summand for the stored numbers."""
    try:
        factor = float(np.ravel(attributes.get(FACTOR, 1))[0])
        summand = float(np.ravel(attributes.get(SUMMAND, 0))[0])
    except (TypeError, ValueError, IndexError):
        return ()
    if (factor, summand) == (1.0, 0.0):
        return ()
    return (
        f"Numbers are as stored; the file says that they stand for {factor:g} times the number plus {summand:g}.",
    )
