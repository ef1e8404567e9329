"""Reading boxes of raw volumes by pread against a memory map: python -m tests.bench file_bytes [megabytes].

Prints for planes across each axis and for a slab how long a read takes, both ways, with the file in the page cache, and
what a call costs against copying bytes, which is where GAP_BYTES comes from.
"""

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from wholefield.sources.stacks import file_bytes
from wholefield.sources.stacks.axes import AxisOrder
from wholefield.sources.stacks.file_bytes import OpenFile, Part, read_array
from wholefield.sources.stacks.raw_volume import RawLayout, RawVolume
from wholefield.sources.stacks.stack import StackDescription

REPEATS = 7
SIDE = 1024
DTYPE = np.dtype("<u2")
GAPS = (0, 1024, 2048, 4096, 8192, 16384)
ALL = slice(0, SIDE)


def main() -> None:
    """Print the times and their ratios."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 256
    depth = max(megabytes * 2**20 // (SIDE * SIDE * DTYPE.itemsize), 8)
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, commit {commit}, {depth} planes of {SIDE} x {SIDE} {DTYPE}"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "voxels.raw")
        with path.open("wb") as file:
            for z in range(depth):
                file.write(np.full((SIDE, SIDE), z, DTYPE).tobytes())
        compare(path, (depth, SIDE, SIDE))


def compare(path: Path, shape: tuple[int, int, int]) -> None:
    """Time both ways of reading."""
    whole = slice(0, shape[0])
    boxes = {
        "plane across z": (slice(3, 4), ALL, ALL),
        "plane across y": (whole, slice(500, 501), ALL),
        "plane across x": (whole, ALL, slice(500, 501)),
        "slab of five planes": (slice(1, 6), ALL, ALL),
        "box of 64": (slice(0, 64), slice(100, 164), slice(200, 264)),
    }
    source = OpenFile(path, path.open("rb", 0))
    for name, box in boxes.items():
        by_map = median(lambda box=box: np.array(np.memmap(path, DTYPE, "r", 0, shape)[box]))  # type: ignore[misc]
        times = {gap: read_with(source, shape, box, gap) for gap in GAPS}
        chosen = times[file_bytes.GAP_BYTES]
        gaps = ", ".join(f"{gap}: {seconds * 1e3:.2f}" for gap, seconds in times.items())
        print(
            f"{name:20} map {by_map * 1e3:8.2f} ms, pread {chosen * 1e3:8.2f} ms, ratio {chosen / by_map:.2f} ({gaps})"
        )
    source.close()
    scroll(path, shape)


def scroll(path: Path, shape: tuple[int, int, int]) -> None:
    """Time planes across x one after the other, as a viewer asks for them; most are kept from the one before."""
    description = StackDescription("raw", shape, 1, DTYPE)
    layout = RawLayout((Part(path),), AxisOrder("zyx", shape), DTYPE)
    with RawVolume(path, description, layout) as stack:
        start = time.perf_counter()
        for index in range(SIDE // 4):
            stack.plane(2, index)
        each = (time.perf_counter() - start) / (SIDE // 4)
    print(f"scrolling across x   {each * 1e3:.2f} ms a plane")


def read_with(source: OpenFile, shape: tuple[int, ...], box: tuple[slice, ...], gap: int) -> float:
    """Seconds of a read where gaps up to some bytes are read along."""
    usual, file_bytes.GAP_BYTES = file_bytes.GAP_BYTES, gap
    try:
        return median(lambda: read_array(source, shape, DTYPE, box))
    finally:
        file_bytes.GAP_BYTES = usual


def median(work: Callable[[], object]) -> float:
    """The median of some repeats, in seconds."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
