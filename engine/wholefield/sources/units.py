"""Lengths in files, in any unit they are written in, as micrometers."""

from __future__ import annotations

import math

MICROMETERS = {
    "a": 1e-4,
    "å": 1e-4,
    "angstrom": 1e-4,
    "pm": 1e-6,
    "picometer": 1e-6,
    "nm": 1e-3,
    "nanometer": 1e-3,
    "um": 1.0,
    "µm": 1.0,
    "μm": 1.0,
    "micron": 1.0,
    "micrometer": 1.0,
    "mm": 1e3,
    "millimeter": 1e3,
    "cm": 1e4,
    "centimeter": 1e4,
    "dm": 1e5,
    "m": 1e6,
    "meter": 1e6,
    "in": 25400.0,
    "inch": 25400.0,
}


def to_micrometers(value: str | float | None, unit: str | None) -> float | None:
    """A length in micrometers, or None if the value is not a finite number or the unit is unknown."""
    factor = MICROMETERS.get(_singular((unit or "").strip()))
    try:
        number = float(value) if value is not None else math.nan
    except ValueError:
        return None
    if factor is None or not math.isfinite(number):
        return None
    return number * factor


def _singular(unit: str) -> str:
    """A unit in small letters, in American spelling and in the singular; empty for megameters and petameters."""
    if unit in ("Mm", "Pm"):
        return ""
    plain = unit.lower().replace("metre", "meter").strip(".")
    if plain == "inches":
        return "inch"
    return plain.removesuffix("s") if plain.endswith(("meters", "microns", "angstroms")) else plain
