"""What the OME-XML of an image says: pixel size, and the names and colors of its channels."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

from wholefield.sources.slides.image import ChannelLook, plausible_spacing
from wholefield.sources.units import to_micrometers

# Our own exports keep the affine in a map annotation of this namespace; OME has no place for it.
OWN_NAMESPACE = "wholefield"
# Files from before the program got this name have the old one.
OWN_NAMESPACES = (OWN_NAMESPACE, "tessera")
AFFINE = "affine"


def _first(root: ElementTree.Element, name: str) -> ElementTree.Element | None:
    return next((node for node in root.iter() if node.tag.rpartition("}")[2] == name), None)


def parse_ome(xml: str) -> ElementTree.Element | None:
    """The `Pixels` element of the first image, or None if the text is not OME-XML."""
    try:
        return _first(ElementTree.fromstring(xml), "Pixels")
    except ElementTree.ParseError:
        return None


def ome_spacing(pixels: ElementTree.Element) -> tuple[float, float] | None:
    """Micrometers per pixel along (y, x)."""
    y, x = (
        to_micrometers(pixels.get(f"PhysicalSize{axis}"), pixels.get(f"PhysicalSize{axis}Unit", "µm"))
        for axis in "YX"
    )
    return plausible_spacing(y, x)


def ome_looks(pixels: ElementTree.Element) -> tuple[ChannelLook, ...]:
    """Name and color of every channel, in order."""
    channels = [node for node in pixels if node.tag.rpartition("}")[2] == "Channel"]
    return tuple(
        ChannelLook(node.get("Name") or f"Channel {index + 1}", _color(node.get("Color")))
        for index, node in enumerate(channels)
    )


def own_affine(xml: str) -> npt.NDArray[np.float64] | None:
    """The affine of a stack that was written by ourselves, (4, 4)."""
    for node in _annotations(xml):
        if node.get("K") == AFFINE:
            try:
                affine = np.array([float(word) for word in (node.text or "").split()])
            except ValueError:
                return None
            return affine.reshape(4, 4) if affine.size == 16 and np.isfinite(affine).all() else None
    return None


def _annotations(xml: str) -> list[Any]:
    """The entries of the map annotations of our own."""
    try:
        root = ElementTree.fromstring(xml)
    except ElementTree.ParseError:
        return []
    return [
        node
        for annotation in root.iter()
        if annotation.tag.endswith("}MapAnnotation") and annotation.get("Namespace") in OWN_NAMESPACES
        for node in annotation.iter()
    ]


def _color(value: str | None) -> tuple[int, int, int] | None:
    """OME stores a color as a signed 32-bit number, RGBA from the highest byte down."""
    try:
        number = int(value) & 0xFFFFFFFF if value is not None else 0xFFFFFFFF
    except ValueError:
        return None
    red, green, blue = (number >> shift & 0xFF for shift in (24, 16, 8))
    return None if (red, green, blue) == (255, 255, 255) else (red, green, blue)
