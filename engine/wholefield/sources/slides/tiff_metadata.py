"""What a TIFF says about itself: its format's name, the pixel size and other metadata."""

from __future__ import annotations

from typing import Any

import tifffile

from wholefield.sources.slides.image import ChannelLook, plausible_spacing
from wholefield.sources.slides.ome import ome_looks, ome_spacing, parse_ome
from wholefield.sources.units import to_micrometers

RESOLUTION_UNITS = {tifffile.RESUNIT.INCH: "inch", tifffile.RESUNIT.CENTIMETER: "cm"}
LONGEST_VALUE = 2000


def tiff_format(tiff: Any, level_count: int) -> str:
    """Name of the kind of TIFF, for the user."""
    if tiff.is_svs:
        return "Aperio SVS"
    if tiff.is_ome:
        return "OME-TIFF"
    if tiff.is_imagej:
        return "ImageJ TIFF"
    return "Pyramidal TIFF" if level_count > 1 else "TIFF"


def svs_fields(tiff: Any) -> dict[str, str]:
    """The `key = value` pairs of an Aperio description."""
    parts = tiff.pages[0].description.split("|")[1:]
    pairs = (part.partition("=") for part in parts if "=" in part)
    return {key.strip(): value.strip() for key, _, value in pairs}


def tiff_spacing(tiff: Any, page: Any) -> tuple[float, float] | None:
    """Micrometers per pixel along (y, x), from the format's own field or else from the resolution tags."""
    if tiff.is_svs:
        mpp = to_micrometers(svs_fields(tiff).get("MPP"), "um")
        return plausible_spacing(mpp, mpp)
    pixels = parse_ome(tiff.ome_metadata) if tiff.is_ome else None
    if pixels is not None:
        return ome_spacing(pixels)
    unit = RESOLUTION_UNITS.get(page.resolutionunit)
    if tiff.is_imagej and unit is None:
        unit = str((tiff.imagej_metadata or {}).get("unit", "")).replace("\\u00B5", "µ")
    x, y = (1 / value if value > 0 else None for value in page.resolution)
    return plausible_spacing(to_micrometers(y, unit), to_micrometers(x, unit))


def tiff_looks(tiff: Any, channels: int) -> tuple[ChannelLook, ...]:
    """Names and colors of the channels, if the file has one entry for each."""
    pixels = parse_ome(tiff.ome_metadata) if tiff.is_ome else None
    looks = ome_looks(pixels) if pixels is not None else ()
    return looks if len(looks) == channels else ()


def tiff_metadata(tiff: Any, page: Any) -> dict[str, str]:
    """Text fields worth showing to the user."""
    if tiff.is_svs:
        return svs_fields(tiff)
    named = {
        "description": "" if tiff.is_ome else page.description,
        "software": page.software,
        "compression": page.compression.name,
        "date": str(page.datetime or ""),
    }
    return {key: value[:LONGEST_VALUE] for key, value in named.items() if value}
