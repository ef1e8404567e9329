"""What a file of bare numbers may hold, guessed from its name, its size, and how smooth its values are."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

ByteOrder = Literal["little", "big"]

TYPES = {
    "uint8": "u1", "int8": "i1", "uint16": "u2", "int16": "i2", "uint32": "u4", "int32": "i4", "uint64": "u8",
    "int64": "i8", "float32": "f4", "float64": "f8",
}  # fmt: skip
# How names tell the type, the longest first.
WORDS = {
    "uint8": ("uint8", "uchar", "u8", "8bit", "8b", "byte"),
    "uint16": ("uint16", "ushort", "u16", "16bit", "16b"),
    "int16": ("int16", "short", "i16", "s16"),
    "uint32": ("uint32", "u32"),
    "int32": ("int32", "i32"),
    "float32": ("float32", "float", "f32", "32bit", "real32"),
    "float64": ("float64", "double", "f64", "64bit"),
    "int8": ("int8", "schar", "i8"),
}
ORDER_WORDS: dict[ByteOrder, tuple[str, ...]] = {
    "little": ("little", "le", "lsb", "littleendian"),
    "big": ("big", "be", "msb", "bigendian"),
}
DIMENSIONS = re.compile(
    r"(?<!\d)(\d{1,6}) ?[xX×] ?(\d{1,6})(?: ?[xX×] ?(\d{1,6}))?(?: ?[xX×] ?(\d{1,6}))?(?!\d)"
)
# Tried in this order where the name says nothing: what scanners write.
LIKELY_TYPES = ("uint16", "float32", "uint8", "int16")
# Sides of detectors and of reconstructions.
SIDES = (256, 512, 768, 1000, 1024, 1200, 1500, 1536, 2000, 2016, 2048, 2560, 3000, 3072, 4000, 4096)
MOST_DEPTH = 8192
# A header of another program in front of the numbers is shorter than this.
MOST_HEADER = 2**16
SAMPLE_BYTES = 2**16
GUESSES = 8


@dataclass(frozen=True)
class Guess:
    """One way to read a file.

    Attributes:
        size: (x, y, z) or (x, y, z, t).
        kind: Name of the type, such as "uint16".
        offset: Bytes before the numbers.
    """

    size: tuple[int, ...]
    kind: str
    offset: int = 0

    @property
    def size_text(self) -> str:
        """The size as people type it."""
        return ",".join(map(str, self.size))


def type_in(name: str) -> str | None:
    """The type that a name tells, as in scan_512x512x300_uint16.raw."""
    words = set(_words(name))
    return next((kind for kind, spellings in WORDS.items() if words & set(spellings)), None)


def order_in(name: str) -> ByteOrder | None:
    """The order of bytes that a name tells."""
    words = set(_words(name))
    return next((order for order, spellings in ORDER_WORDS.items() if words & set(spellings)), None)


def size_in(name: str) -> tuple[int, ...] | None:
    """The size (x, y), (x, y, z) or (x, y, z, t) that a name tells."""
    sizes = [tuple(int(side) for side in found.groups() if side) for found in DIMENSIONS.finditer(name)]
    return max((size for size in sizes if min(size) > 0), key=len, default=None)


def is_told_by_name(path: Path) -> bool:
    """Whether the name of a file gives a size and a type that the file has room for, with a short header at most."""
    size = size_in(path.name)
    if size is None or len(size) < 3:
        return False
    held = path.stat().st_size
    kinds = [type_in(path.name) or ""] if type_in(path.name) else list(LIKELY_TYPES)
    return any(0 <= held - _bytes(size, kind) <= MOST_HEADER for kind in kinds)


def answers_in(path: Path) -> dict[str, str]:
    """What the name of a file says of its size, type and byte order, where the file is exactly as long as that."""
    size, kind = size_in(path.name), type_in(path.name)
    if size is None or len(size) < 3 or kind is None or path.stat().st_size != _bytes(size, kind):
        return {}
    order = order_in(path.name)
    found = {"size": ",".join(map(str, size)), "type": kind}
    return found | {"byteorder": order} if order and np.dtype(TYPES[kind]).itemsize > 1 else found


def guesses(path: Path) -> tuple[Guess, ...]:
    """Ways to read a file, the likeliest first; each fits the length of the file."""
    return tuple(dict.fromkeys(_guesses(path.name, path.stat().st_size)))[:GUESSES]


def likely_order(path: Path, offset: int, kind: str) -> ByteOrder:
    """The order of bytes in which neighbors differ less, by a sample from the middle; little where both are alike."""
    dtype = np.dtype(TYPES[kind])
    size = path.stat().st_size
    start = offset + max((size - offset - SAMPLE_BYTES) // 2, 0) // dtype.itemsize * dtype.itemsize
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(SAMPLE_BYTES // dtype.itemsize * dtype.itemsize)
    values = np.frombuffer(data[: len(data) // dtype.itemsize * dtype.itemsize], dtype.newbyteorder("<"))
    return "little" if _roughness(values) <= _roughness(values.view(dtype.newbyteorder(">"))) else "big"


def _roughness(values: np.ndarray[Any, np.dtype[Any]]) -> float:
    """Mean difference of neighbors in relation to their size; infinite where numbers are none."""
    with np.errstate(all="ignore"):
        wide = values.astype(np.float64)
        if len(wide) < 2 or not np.isfinite(wide).all() or np.abs(wide).max() > 1e30:
            return math.inf
        return float(np.log1p(np.abs(np.diff(wide))).mean())


def _guesses(name: str, held: int) -> Iterator[Guess]:
    told = type_in(name)
    kinds = (told,) if told else LIKELY_TYPES
    size = size_in(name)
    for kind in kinds:
        if size is not None:
            yield from _with_name(size, kind, held)
    if size is not None and len(size) > 2:
        return
    for kind in kinds:
        voxels, rest = divmod(held, np.dtype(TYPES[kind]).itemsize)
        if not rest and voxels:
            yield from _by_length(voxels, kind)


def _with_name(size: tuple[int, ...], kind: str, held: int) -> Iterator[Guess]:
    """Guesses with a size from the name; of two numbers, the third follows from the length."""
    each = _bytes(size, kind)
    if len(size) > 2:
        if 0 <= held - each <= MOST_HEADER:
            yield Guess(size, kind, held - each)
    elif held >= each and not held % each:
        yield Guess((*size, held // each), kind)


def _by_length(voxels: int, kind: str) -> Iterator[Guess]:
    """Cubes, and square planes of the usual sides."""
    side = round(voxels ** (1 / 3))
    if side**3 == voxels:
        yield Guess((side, side, side), kind)
    fitting = [side for side in SIDES if not voxels % side**2 and 1 < voxels // side**2 <= MOST_DEPTH]
    # Volumes are about as deep as wide.
    for side in sorted(fitting, key=lambda side: abs(math.log(voxels / side**3))):
        yield Guess((side, side, voxels // side**2), kind)


def _bytes(size: tuple[int, ...], kind: str) -> int:
    return math.prod(size) * np.dtype(TYPES[kind]).itemsize


def _words(name: str) -> list[str]:
    """The words of a name; a number stays with the letters around it, as in uint16."""
    return [word for word in re.split(r"[^0-9a-z]+", name.lower()) if word]
