"""Going to a place of a slide that is named by its numbers."""

from __future__ import annotations

import re

from wholefield.numbers import number_as
from wholefield_app.problems import Problem

QUESTION = "Position x, y in pixels of the full resolution, or in µm (such as 1200 800, or 310 µm 95 µm):"
MICROMETERS = {"um": 1.0, "µm": 1.0, "μm": 1.0, "mm": 1000.0}
PART = re.compile(r"([-+]?[0-9][0-9.]*)\s*(px|um|µm|μm|mm)?", re.IGNORECASE)


def position_in(text: str, spacing: tuple[float, float] | None) -> tuple[float, float] | Problem:
    """The level-0 position (x, y) that a text names, or what is wrong with it.

    Args:
        text: Two numbers with a space, comma or semicolon between them, each perhaps with px, µm or mm behind it.
        spacing: Micrometers per px of level 0 along (y, x); None where the slide does not say.
    """
    found = PART.findall(text)
    rest = PART.sub("", text).strip(" ,;()")
    if len(found) != 2 or rest.strip(" ,;"):
        return Problem(f"“{text}” is not a position; type two numbers, such as 1200 800.")
    values = []
    for (number, unit), size in zip(found, (spacing or (0.0, 0.0))[::-1], strict=True):
        try:
            value = number_as(float, number)
        except ValueError:
            return Problem(f"“{number}” is not a number; type two numbers, such as 1200 800.")
        factor = MICROMETERS.get(unit.lower())
        if factor is not None and spacing is None:
            return Problem("The slide does not tell the size of its pixels; type the position in pixels.")
        values.append(value if factor is None else value * factor / size)
    return values[0], values[1]
