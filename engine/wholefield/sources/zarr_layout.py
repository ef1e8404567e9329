"""What a Zarr folder or zip file holds, from its JSON alone."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

ZARR_MARKERS = (".zattrs", ".zgroup", "zarr.json")
# The JSON of a group is a few kB; what claims more is not unpacked.
MOST_JSON = 2**24


def is_zarr(path: Path) -> bool:
    """Whether a folder or a zip file holds a Zarr group."""
    if path.is_dir():
        return any((path / marker).is_file() for marker in ZARR_MARKERS)
    if path.suffix.lower() != ".zip" or not path.is_file():
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(marker in archive.namelist() for marker in ZARR_MARKERS)
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def is_zarr_volume(path: Path) -> bool:
    """Whether a Zarr group is an OME image of more than one plane."""
    depths = (_depth(path, inside) for inside in ("", "0/")) if is_zarr(path) else iter(())
    return (next((depth for depth in depths if depth is not None), None) or 1) > 1


def _depth(path: Path, inside: str) -> int | None:
    """Planes of the first image of an OME-Zarr group, or None if there is no image."""
    group = _json(path, f"{inside}zarr.json").get("attributes") or _json(path, f"{inside}.zattrs")
    try:
        scales = group.get("ome", group).get("multiscales")
        first = scales[0]["datasets"][0]["path"]
        place = f"{inside}{first}/"
        shape = (_json(path, f"{place}zarr.json") or _json(path, f"{place}.zarray"))["shape"]
        axes = scales[0].get("axes") or list("tczyx")[-len(shape) :]
        names = [axis["name"] if isinstance(axis, dict) else axis for axis in axes]
        return int(shape[names.index("z")]) if "z" in names else 1
    except (AttributeError, KeyError, IndexError, TypeError, ValueError):
        return None


def _json(path: Path, name: str) -> dict[str, Any]:
    """A JSON object in a folder or zip file; empty where it is absent or damaged."""
    try:
        value = json.loads(_content(path, name))
    except (OSError, KeyError, ValueError, RecursionError, NotImplementedError, EOFError):
        return {}
    except (zipfile.BadZipFile, zlib.error):
        return {}
    return value if isinstance(value, dict) else {}


def _content(path: Path, name: str) -> bytes:
    if path.is_dir():
        with (path / name).open("rb") as file:
            return file.read(MOST_JSON)
    with zipfile.ZipFile(path) as archive, archive.open(name) as member:
        return member.read(MOST_JSON)
