"""Lengths in files, in any unit they are written in, as micrometers."""

from __future__ import annotations

import math

MICROMETERS = {
    "a": 1e-4,
    "å": 1e-4,
    "angstrom": 1e-4,
    "nm": 1e-3,
    "nanometer": 1e-3,
    "um": 1.0,
    "µm": 1.0,
    "μm": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "mm": 1e3,
    "millimeter": 1e3,
    "cm": 1e4,
    "centimeter": 1e4,
    "m": 1e6,
    "meter": 1e6,
    "in": 25400.0,
    "inch": 25400.0,
}


def to_micrometers(value: str | float | None, unit: str | None) -> float | None:
    """A length in micrometers, or None if the value is not a finite number or the unit is unknown."""
    factor = MICROMETERS.get((unit or "").strip().lower())
    try:
        number = float(value) if value is not None else math.nan
    except ValueError:
        return None
    if factor is None or not math.isfinite(number):
        return None
    return number * factor
