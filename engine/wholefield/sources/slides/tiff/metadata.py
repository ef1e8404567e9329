"""What a TIFF says about itself: its format's name, the pixel size and other metadata."""

from __future__ import annotations

from typing import Any

from wholefield.sources.slides.image import plausible_spacing
from wholefield.sources.slides.ome import ome_spacing, parse_ome
from wholefield.sources.units import to_micrometers

RESOLUTION_UNITS = {2: "inch", 3: "cm", 4: "mm", 5: "um"}
"""By the number in the tag; 1 is no unit, 4 and 5 are an extension in wide use."""
LONGEST_VALUE = 2000
# What programs write for screens and printers, in dots per inch, when they know nothing of a pixel size.
PRINT_DPI = (
    72, 75, 90, 96, 100, 120, 144, 150, 180, 200, 220, 240, 250, 300, 350, 360, 400, 450, 500, 600, 720, 800, 900,
    1000, 1200,
)  # fmt: skip
# The same in dots per centimeter is rounded: 28.35 for 72 dpi, or 28 or 118 in whole numbers.
PRINT_TOLERANCE = 2e-3
MICROMETERS_PER_INCH = 25400.0


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
    return None if print_resolution(tiff, page) else plausible_spacing(*_resolution(tiff, page))


def print_resolution(tiff: Any, page: Any) -> float | None:
    """Dots per inch of a page whose resolution is one of the settings for print, and no measurement."""
    if tiff.is_svs or tiff.is_ome or tiff.is_imagej:
        return None
    y, x = _resolution(tiff, page)
    if not y or not x or abs(y - x) > PRINT_TOLERANCE * x:
        return None
    dpi = MICROMETERS_PER_INCH / x
    usual = [known for known in PRINT_DPI if abs(dpi - known) <= PRINT_TOLERANCE * known]
    return float(usual[0]) if usual else None


def _resolution(tiff: Any, page: Any) -> tuple[float | None, float | None]:
    """Micrometers per pixel along (y, x) as the resolution tags say."""
    unit = RESOLUTION_UNITS.get(int(page.resolutionunit or 0))
    if tiff.is_imagej and unit is None:
        unit = str((tiff.imagej_metadata or {}).get("unit", "")).replace("\\u00B5", "µ")
    x, y = (1 / value if value > 0 else None for value in page.resolution)
    return to_micrometers(y, unit), to_micrometers(x, unit)


def tiff_metadata(tiff: Any, page: Any) -> dict[str, str]:
    """Text fields worth showing to the user."""
    if tiff.is_svs:
        return svs_fields(tiff)
    named = {
        "description": "" if tiff.is_ome else page.description,
        "software": page.software,
        "compression": compression_name(page),
        "date": str(page.datetime or ""),
    }
    return {key: value[:LONGEST_VALUE] for key, value in named.items() if value}


def compression_name(page: Any) -> str:
    """Name of the compression of a page; a file without its tag is not compressed."""
    return str(getattr(page.compression, "name", "NONE" if page.compression == 1 else page.compression))
