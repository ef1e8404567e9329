"""How the channels of a TIFF want to be shown: names, colors and lookup tables of OME, QPTIFF, ImageJ and palettes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile

from wholefield.sources.choices import Reading
from wholefield.sources.slides.colors.palette import table_of
from wholefield.sources.slides.image import ChannelLook
from wholefield.sources.slides.indexed import look_of_table, wants_indices
from wholefield.sources.slides.ome import ome_looks, parse_ome

PALETTE = tifffile.PHOTOMETRIC.PALETTE


def tiff_looks(tiff: Any, channels: int) -> tuple[ChannelLook, ...]:
    """Names and colors of the channels, if the file has one entry for each."""
    looks: tuple[ChannelLook, ...] = ()
    if tiff.is_ome:
        pixels = parse_ome(tiff.ome_metadata)
        looks = ome_looks(pixels) if pixels is not None else ()
    elif tiff.is_qpi:
        looks = _qptiff_looks(tiff)
    elif tiff.is_imagej:
        looks = _imagej_looks(tiff.imagej_metadata or {}, channels)
    return looks if len(looks) == channels else ()


def looks_of_series(tiff: Any, series: Any, channels: int, reading: Reading) -> tuple[ChannelLook, ...]:
    """How every channel wants to be shown: by the file's description, and by the palettes of its pages."""
    described = tiff_looks(tiff, channels)
    tables = _palette_looks(series, reading)
    if not tables or len(tables) != len(described):
        return described or (tables if len(tables) == channels else _colors_and_more(series, channels))
    return tuple(
        replace(
            table,
            name=look.name,
            color=look.color or table.color,
            palette=None if look.color else table.palette,
        )
        for look, table in zip(described, tables, strict=True)
    )


def _colors_and_more(series: Any, channels: int) -> tuple[ChannelLook, ...]:
    """Looks of red, green and blue with a fourth sample that says not what it is: it is kept and adds no color."""
    page = series.keyframe
    if page.photometric != tifffile.PHOTOMETRIC.RGB or page.samplesperpixel != 4 or channels != 4:
        return ()
    window = (0.0, 255.0) if page.dtype == np.uint8 else None
    names = ("Red", "Green", "Blue", "Sample 4")
    colors = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0))
    return tuple(ChannelLook(name, color, window) for name, color in zip(names, colors, strict=True))


def keeps_indices(level: Any, reading: Reading) -> bool:
    """Whether the pages of a level are numbers with a lookup table, such as channels, and not one colored picture."""
    page = level.keyframe
    if page.photometric != PALETTE:
        return False
    channels = [length for letter, length in zip(level.axes, level.shape, strict=True) if letter == "C"]
    return max(channels, default=1) > 1 or wants_indices(Path(page.parent.filename), reading)


def _palette_looks(series: Any, reading: Reading) -> tuple[ChannelLook, ...]:
    """One look per page that has a palette of its own, where the numbers are kept."""
    if not keeps_indices(series, reading):
        return ()
    one = all(letter in "YX" or length == 1 for letter, length in zip(series.axes, series.shape, strict=True))
    pages = series.pages[:1] if one else series.pages
    looks = []
    for number, page in enumerate(pages, 1):
        whole = page.aspage() if isinstance(page, tifffile.TiffFrame) else page
        if whole.colormap is None:
            return ()
        table = table_of(np.asarray(whole.colormap), 2**whole.bitspersample)
        looks.append(look_of_table("Palette" if one else f"Channel {number}", table))
    return tuple(looks)


def _qptiff_looks(tiff: Any) -> tuple[ChannelLook, ...]:
    """Names and colors in the descriptions of the pages, one page a channel."""
    return tuple(
        _qptiff_look(page.description, number) for number, page in enumerate(tiff.series[0].pages, 1)
    )


def _qptiff_look(description: str, number: int) -> ChannelLook:
    try:
        # The declared encoding is that of the file the text was taken from.
        root = ElementTree.fromstring(description.partition("?>")[2] or description)
    except ElementTree.ParseError:
        return ChannelLook(f"Channel {number}")
    dye, marker = ((root.findtext(name) or "").strip() for name in ("Name", "Biomarker"))
    name = f"{marker} ({dye})" if marker and dye and marker != dye else marker or dye or f"Channel {number}"
    return ChannelLook(name, _color(root.findtext("Color") or ""))


def _color(text: str) -> tuple[int, int, int] | None:
    words = text.replace(",", " ").split()
    if len(words) < 3 or not all(word.isdigit() and int(word) < 256 for word in words[:3]):
        return None
    return int(words[0]), int(words[1]), int(words[2])


def _imagej_looks(metadata: dict[str, Any], channels: int) -> tuple[ChannelLook, ...]:
    """Lookup tables and display ranges of an ImageJ hyperstack; nothing where it has neither."""
    tables = metadata.get("LUTs") or []
    limits = list(np.ravel(np.asarray(metadata.get("Ranges", ()), np.float64)))
    windows = list(zip(limits[::2], limits[1::2], strict=False))
    if len(tables) != channels or str(metadata.get("mode", "")) == "grayscale":
        return ()
    looks = []
    for number, table in enumerate(tables):
        window = (
            windows[number] if len(windows) == channels and windows[number][0] < windows[number][1] else None
        )
        limits_of = (float(window[0]), float(window[1])) if window else None
        colors = np.asarray(table, np.uint8).reshape(3, -1).T
        looks.append(look_of_table(f"Channel {number + 1}", colors, limits_of))
    return tuple(looks)
