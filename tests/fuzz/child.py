"""The process that opens files and reads from them: takes paths on its standard input, answers with lines of JSON."""

import json
import re
import resource
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from wholefield.errors import WholefieldError
from wholefield.sources import ImageSource, Recording, StackSource, open_source

GIB = 2**30
# Address space above what the imports take; far more than a reader may use, so that the peak decides.
ROOM = 6 * GIB


def read(source: ImageSource | StackSource | Recording) -> None:
    """Read from a source what a window reads when it shows it."""
    if isinstance(source, ImageSource):
        source.thumbnail(64)
        last = len(source.levels) - 1
        source.read_region(last, -3, -3, 40, 40)
        source.read_region(0, source.width // 2, source.height // 2, 30, 30)
    elif isinstance(source, StackSource):
        for axis in range(3):
            source.plane(axis, source.shape[axis] // 2)
    else:
        end = min(source.duration_us, 100_000)
        source.events(0, end)
        source.index()
        source.events(max(source.duration_us - 1000, 0), source.duration_us)
        source.rate(7)


def tried(path: Path) -> tuple[str, str]:
    """What became of a file: "read", "sentence", or "fault" with a traceback."""
    try:
        with open_source(path) as source:
            read(source)
    except WholefieldError as error:
        return "sentence", str(error)
    except BaseException:
        return "fault", traceback.format_exc()
    return "read", ""


def answer(attempt: Callable[[Path], tuple[str, str]], path: Path) -> dict[str, str | int]:
    """Outcome and text of an attempt, and the most memory that it took, in bytes."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _status("VmRSS")
    outcome, text = attempt(path)
    return {"outcome": outcome, "text": text, "peak": max(_status("VmHWM") - before, 0)}


def _status(name: str) -> int:
    """A figure of /proc/self/status in bytes."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) * 1024 if found else 0


def _warm() -> None:
    """Load the readers that load slowly, so that no file is charged for them."""
    import wholefield.sources.events.raw
    import wholefield.sources.events.tables.hdf5
    import wholefield.sources.slides.ome_zarr
    import wholefield.sources.slides.tiff
    import wholefield.sources.stacks.formats.hdf5
    import wholefield.sources.stacks.formats.nifti  # noqa: F401


def main() -> None:
    """Answer one line for every line until the input ends."""
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    _warm()
    limit = _status("VmSize") + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = sys.stdout
    sys.stdout = sys.stderr  # what libraries print is no answer
    print("ready", file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(tried, Path(line.rstrip("\n")))), file=answers, flush=True)


if __name__ == "__main__":
    main()
