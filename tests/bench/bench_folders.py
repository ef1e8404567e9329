"""How long it takes to find out what a folder of 20,000 files holds, and to list its slides and recordings.

Run it with: python -m tests.bench.bench_folders [FILES]
"""

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tifffile

from wholefield.flow.sequences.bins import event_files
from wholefield.sources import kind_of
from wholefield_app.workspaces.slides.project import find_slides

FILES = 20_000
REPEATS = 5


def main() -> None:
    """Print the seconds for every kind of folder."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {count} files in a folder; seconds, fastest of {REPEATS}"
    )
    works: dict[str, tuple[Callable[[Path], object], str]] = {
        "kind of a folder of slices": (kind_of, ".tif"),
        "kind of a folder of slides": (kind_of, ".svs"),
        "kind of a folder of files without an ending": (kind_of, ""),
        "kind of a folder of damaged DICOM": (kind_of, ".dcm"),
        "slides of a folder": (find_slides, ".svs"),
        "recordings of a folder": (event_files, ".raw"),
    }
    for name, (work, suffix) in works.items():
        with tempfile.TemporaryDirectory() as folder:
            fill(Path(folder), suffix, count)
            print(f"  {name}: {fastest(work, Path(folder)):.3f}")


def fill(folder: Path, suffix: str, count: int) -> None:
    """Write many small files with one ending; the TIFFs are sound."""
    content = b"words"
    if suffix == ".tif":
        tifffile.imwrite(folder / "0.tif", np.zeros((8, 9), np.uint8))
        content = (folder / "0.tif").read_bytes()
    for index in range(count):
        (folder / f"{index}{suffix}").write_bytes(content)


def fastest(work: Callable[[Path], object], folder: Path) -> float:
    """Seconds of the fastest of some runs."""
    times = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        work(folder)
        times.append(time.perf_counter() - begin)
    return min(times)


if __name__ == "__main__":
    main()
