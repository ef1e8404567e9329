"""What the OME-XML of an image says: pixel size, and the names and colors of its channels."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt

from wholefield.sources.slides.image import ChannelLook, ClassLook, plausible_spacing
from wholefield.sources.units import to_micrometers

# Our own exports keep the affine in a map annotation of this namespace; OME has no place for it.
OWN_NAMESPACE = "wholefield"
# Files from before the program got this name have the old one.
OWN_NAMESPACES = (OWN_NAMESPACE, "tessera")
AFFINE = "affine"
# Likewise what the numbers of a label image mean: "class 3" is a name, "color 3" a color such as #ff8800.
CLASS, COLOR = "class ", "color "


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


def class_notes(classes: Sequence[ClassLook]) -> dict[str, str]:
    """What the numbers of a label image mean, as the entries of a map annotation of our own."""
    notes: dict[str, str] = {}
    for each in classes:
        notes[f"{CLASS}{each.value}"] = each.name
        if each.color is not None:
            notes[f"{COLOR}{each.value}"] = "#{:02x}{:02x}{:02x}".format(*each.color)
    return notes


def own_classes(xml: str) -> tuple[ClassLook, ...]:
    """What the numbers of a label image mean that was written by ourselves; empty for any other."""
    notes = {str(node.get("K")): node.text or "" for node in _annotations(xml)}
    found = []
    for key, name in notes.items():
        number = key.removeprefix(CLASS)
        if key.startswith(CLASS) and number.removeprefix("-").isdecimal() and len(number) < 10:
            found.append(ClassLook(int(number), name, _hex_color(notes.get(f"{COLOR}{number}", ""))))
    return tuple(sorted(found, key=attrgetter("value")))


def _hex_color(text: str) -> tuple[int, int, int] | None:
    try:
        red, green, blue = bytes.fromhex(text.removeprefix("#"))
    except ValueError:
        return None
    return red, green, blue


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
