"""Haematoxylin and eosin: from amounts of stain to the light that passes the slide."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from wholefield_resources.demo.texture import Plane

# Optical densities in red, green and blue of the two stains (Macenko et al. 2009, A method for normalizing
# histology slides for quantitative analysis) and of brown pigment, taken as that of diaminobenzidine (Ruifrok
# and Johnston 2001, Quantification of histochemical staining by color deconvolution).
DENSITIES = ((0.5626, 0.7201, 0.4062), (0.2159, 0.8012, 0.5581), (0.268, 0.570, 0.776))
GLASS = (243.0, 242.0, 245.0)


@dataclass(frozen=True)
class Staining:
    """How a laboratory stained one slide.

    Attributes:
        densities: (3, 3) optical density of one unit of haematoxylin, eosin and pigment (rows) in red, green and
            blue (columns).
        blur: Deviation of the optics' blur in px.
        noise: Deviation of the camera's noise in gray values.
    """

    densities: npt.NDArray[np.float32]
    blur: float
    noise: float


def random_staining(rng: np.random.Generator) -> Staining:
    """A staining as laboratories differ: strength by a tenth, hue by a few per cent."""
    strengths = np.array([rng.uniform(0.9, 1.1), rng.uniform(0.9, 1.1), 1.0])
    densities = np.array(DENSITIES) * strengths[:, None] * rng.normal(1.0, 0.02, (3, 3))
    return Staining(densities.astype(np.float32), rng.uniform(0.5, 0.75), rng.uniform(1.0, 2.2))


def develop(rng: np.random.Generator, planes: Plane, staining: Staining) -> npt.NDArray[np.uint8]:
    """The picture of stained tissue, by the law of Beer and Lambert.

    Args:
        rng: Draws the noise of the camera.
        planes: (height, width, 3) amounts of haematoxylin (about 1 in a nucleus), eosin (about 0.5 in connective
            tissue) and pigment; 0 on glass.
        staining: Densities, blur and noise.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    light = np.exp(cv2.transform(planes, -staining.densities.T))
    light *= np.array(GLASS, np.float32)
    light = cv2.GaussianBlur(light, (0, 0), staining.blur)
    light += rng.standard_normal(light.shape, np.float32) * np.float32(staining.noise)
    return np.clip(np.rint(light), 0, 255).astype(np.uint8)
