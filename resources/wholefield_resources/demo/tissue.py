"""One made-up histological section: connective tissue, glands, vessels, cells, and spores if it is infected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wholefield_resources.demo.canvas import Canvas, Materials


@dataclass(frozen=True)
class Section:
    """A section and what is hidden in it.

    Attributes:
        pixels: (height, width, 3) uint8 RGB.
        spores: (n, 2) float64, the middles (x, y) of the spores in px.
    """

    pixels: npt.NDArray[np.uint8]
    spores: npt.NDArray[np.float64]


def make_section(
    materials: Materials, seed: tuple[int, ...], shape: tuple[int, int], spore_count: int
) -> Section:
    """Draw one section.

    Args:
        materials: From `make_materials`.
        seed: The same seed gives the same section.
        shape: (height, width) in px of 0.5 um.
        spore_count: Spores to hide; 0 for a normal section. It changes nothing else in the section.
    """
    canvas = Canvas(materials, np.random.default_rng([*seed, 1]), shape)
    canvas.draw_connective_tissue()
    canvas.draw_glands()
    canvas.draw_vessels()
    canvas.scatter_cells()
    spores = canvas.hide_spores(np.random.default_rng([*seed, 2]), spore_count)
    return Section(canvas.picture(np.random.default_rng([*seed, 3])), spores)
