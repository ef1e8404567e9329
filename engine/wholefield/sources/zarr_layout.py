"""What a Zarr folder or zip file holds, from its JSON alone."""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

GROUP_MARKERS = (".zattrs", ".zgroup", "zarr.json")
ZARR_MARKERS = (*GROUP_MARKERS, ".zarray")
JSON_NAMES = (*ZARR_MARKERS, ".zmetadata")
# The JSON of a group is a few kB; what claims more is not unpacked.
MOST_JSON = 2**24
AXIS_NAMES = {
    "T": ("t", "time", "frame"),
    "C": ("c", "channel", "channels"),
    "Z": ("z", "depth"),
    "Y": ("y", "row", "rows"),
    "X": ("x", "column", "columns"),
}
AXIS_TYPES = {"time": "T", "channel": "C"}
# Letters for axes that are none of these; tifffile calls such axes by letters of their own, too.
OTHERS = "QPRMVHAEFLGBDIJKNOSUW"


def is_zarr(path: Path) -> bool:
    """Whether a folder or a zip file holds a Zarr group or array."""
    if path.is_dir():
        return any((path / marker).is_file() for marker in ZARR_MARKERS)
    if path.suffix.lower() != ".zip" or not path.is_file():
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(marker in archive.namelist() for marker in ZARR_MARKERS)
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        # Damaged: by its name it is one, and the reader says how.
        return ".zarr" in path.name.lower()


def is_zarr_volume(path: Path) -> bool:
    """Whether a Zarr group is an OME image of more than one plane."""
    depths = (_depth(path, inside) for inside in ("", "0/")) if is_zarr(path) else iter(())
    return (next((depth for depth in depths if depth is not None), None) or 1) > 1


def is_plain_zarr(path: Path) -> bool:
    """Whether a Zarr is an array, or a group of arrays, without the metadata of OME."""
    if not is_zarr(path):
        return False
    root = _json(path, "zarr.json")
    if root.get("node_type") == "array" or _json(path, ".zarray"):
        return True
    if not root and not _json(path, ".zgroup") and not _json(path, ".zattrs"):
        # Damaged: the reader of images says how.
        return False
    return not any(_is_ome(path, inside) for inside in ("", "0/"))


def axis_letters(axes: Any, dimensions: int) -> str:
    """Capital letters of the axes of an OME image, by their types first and their names second.

    Args:
        axes: As its metadata list them, objects or names; None before version 0.4, when they were fixed.
        dimensions: How many there are.

    Returns:
        T, C, Z, Y or X for each, or another letter where an axis is none of them; each once.

    Raises:
        ValueError: There are more or fewer names than axes.
    """
    listed = list(axes or "tczyx"[-dimensions:])
    if len(listed) != dimensions:
        raise ValueError(f"it names {len(listed)} axes of {dimensions}")
    described = [axis if isinstance(axis, dict) else {"name": axis} for axis in listed]
    names = [str(axis.get("name", "")).strip().lower() for axis in described]
    types = [str(axis.get("type") or "").strip().lower() for axis in described]
    letters: list[str] = []
    for name, kind in zip(names, types, strict=True):
        known = next((letter for letter, words in AXIS_NAMES.items() if name in words), "")
        letters.append(AXIS_TYPES.get(kind, known))
    if not {"Y", "X"} <= set(letters):
        # Other names; the axes of space come as z, y, x.
        space = [place for place, kind in enumerate(types) if kind == "space"]
        for place, letter in zip(reversed(space), "XYZ", strict=False):
            letters[place] = letter
    spare = (letter for letter in OTHERS)
    return "".join(
        next(spare) if not letter or letter in letters[:place] else letter
        for place, letter in enumerate(letters)
    )


def oversized_json(path: Path) -> str:
    """The name of a member of JSON that claims to be larger than any is; empty where there is none."""
    if path.is_dir():
        files = [path / inside / name for inside in ("", "0") for name in JSON_NAMES]
        sizes = [(str(file.relative_to(path)), file.stat().st_size) for file in files if file.is_file()]
    else:
        with zipfile.ZipFile(path) as archive:
            sizes = [(each.filename, each.file_size) for each in archive.infolist()]
    return next(
        (name for name, size in sizes if size > MOST_JSON and name.rpartition("/")[2] in JSON_NAMES), ""
    )


def _is_ome(path: Path, inside: str) -> bool:
    attributes = _attributes(path, inside)
    return any(
        key in attributes for key in ("multiscales", "plate", "well", "bioformats2raw.layout", "labels")
    )


def _attributes(path: Path, inside: str) -> dict[str, Any]:
    """The OME attributes of a group, which version 0.5 moved under a key of their own."""
    group = _json(path, f"{inside}zarr.json").get("attributes") or _json(path, f"{inside}.zattrs")
    found = group.get("ome", group) if isinstance(group, dict) else {}
    return found if isinstance(found, dict) else {}


def _depth(path: Path, inside: str) -> int | None:
    """Planes of the first image of an OME-Zarr group, or None if there is no image."""
    try:
        scales = _attributes(path, inside).get("multiscales")
        first = scales[0]["datasets"][0]["path"]  # type: ignore[index]
        place = f"{inside}{first}/"
        shape = (_json(path, f"{place}zarr.json") or _json(path, f"{place}.zarray"))["shape"]
        letters = axis_letters(scales[0].get("axes"), len(shape))  # type: ignore[index]
        return int(shape[letters.index("Z")]) if "Z" in letters else 1
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
