"""What was measured of seams, written as maps (PNG), numbers (JSON) and one page (HTML)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from wholefield.files import replacing
from wholefield.sources.rect import Rect
from wholefield.streaming.seams import Difference

# Dark where nothing differs, then red to yellow to white: heat, with lightness rising all the way.
HEAT = ((0, 0, 4), (87, 16, 110), (188, 55, 84), (249, 142, 9), (252, 255, 164))
STYLE = """body{font:14px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:right}th:first-child,td:first-child{text-align:left}
figure{display:inline-block;margin:1rem 1rem 0 0;vertical-align:top}img{width:18rem;image-rendering:pixelated}"""
HISTOGRAM = 300, 80


@dataclass(frozen=True)
class SeamReport:
    """Seams of a model over a region.

    Attributes:
        slide: The slide.
        model: The model.
        area: The region in pixels of the level.
        level: The level.
        tile: Side of tiles and windows in pixels.
        unit: Unit of the differences.
        differences: One for each way.
    """

    slide: str
    model: str
    area: Rect[int]
    level: int
    tile: int
    unit: str
    differences: list[Difference]


def write_report(folder: Path, found: SeamReport) -> None:
    """Write seams.json, seams.html and a map seams_1.png, seams_2.png, ... for each way.

    The maps share one scale, from no difference (black) to the largest of all (white).

    Raises:
        OSError: The disk is full or may not be written to.
    """
    maps = [_png(each, _largest(found)) for each in found.differences]
    for number, png in enumerate(maps, 1):
        _write(folder / f"seams_{number}.png", png)
    _write(folder / "seams.json", json.dumps(as_json(found), indent=1).encode())
    _write(folder / "seams.html", _page(found, maps).encode())


def as_json(found: SeamReport) -> dict[str, Any]:
    """The numbers."""
    return {
        "slide": found.slide,
        "model": found.model,
        "level": found.level,
        "region": list(found.area),
        "tile_size": found.tile,
        "unit": found.unit,
        "ways": [
            {
                "name": each.name,
                "maximum": each.maximum,
                "tolerance": each.tolerance,
                "share_off": each.share,
                "histogram": {"edges": each.edges.tolist(), "counts": each.counts.tolist()},
            }
            for each in found.differences
        ],
    }


def _largest(found: SeamReport) -> float:
    return max(each.maximum for each in found.differences)


def _png(each: Difference, largest: float) -> bytes:
    """The map in color."""
    at = np.clip(each.map / largest, 0, 1) * (len(HEAT) - 1) if largest > 0 else np.zeros_like(each.map)
    table = np.array(HEAT, float)
    colors = np.stack([np.interp(at, np.arange(len(HEAT)), table[:, k]) for k in range(3)], -1)
    buffer = BytesIO()
    Image.fromarray(colors.round().astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def _page(found: SeamReport, maps: list[bytes]) -> str:
    x, y, width, height = found.area
    rows = "".join(
        f"<tr><td>{escape(each.name)}</td><td>{each.maximum:.4g}</td><td>{each.share:.2%}</td></tr>"
        for each in found.differences
    )
    figures = "".join(
        f'<figure><img alt="Map of differences" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
        f"<figcaption>{escape(each.name)}</figcaption>{_bars(each)}</figure>"
        for each, png in zip(found.differences, maps, strict=True)
    )
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Seams</title><style>{STYLE}</style>'
        f"<h1>Seams of {escape(Path(found.model).name)}</h1>"
        f"<p>{escape(Path(found.slide).name)}, level {found.level}, region {width} x {height} px at ({x}, {y}), "
        f"tiles of {found.tile} px, compared with the network on the whole region.</p>"
        f"<table><tr><th>Way</th><th>Largest difference, {found.unit}</th>"
        f"<th>Pixels off by more than {found.differences[0].tolerance:g}</th></tr>{rows}</table>"
        f"<p>Maps from 0 (black) to {_largest(found):.4g} {found.unit} (white).</p>{figures}</html>"
    )


def _bars(each: Difference) -> str:
    """The histogram as a drawing; heights are logarithmic, for seams are few pixels."""
    width, height = HISTOGRAM
    step = width / len(each.counts)
    tall = np.log1p(each.counts) / max(float(np.log1p(each.counts).max()), 1.0) * height
    bars = "".join(
        f'<rect x="{k * step:.1f}" y="{height - top:.1f}" width="{step * 0.9:.1f}" height="{top:.1f}"/>'
        for k, top in enumerate(tall)
    )
    label = f"Number of pixels (logarithmic) by difference, 0 to {each.edges[-1]:.3g}"
    return f'<svg width="{width}" height="{height}" role="img" aria-label="{label}"><title>{label}</title>{bars}</svg>'


def _write(path: Path, data: bytes) -> None:
    with replacing(path) as temporary:
        temporary.write_bytes(data)
