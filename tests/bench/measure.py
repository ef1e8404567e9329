"""Time and peak memory of ways to do the same work, in one process."""

import gc
import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wholefield.malloc import give_back_freed_memory


@dataclass(frozen=True)
class Cost:
    """What one run took.

    Attributes:
        seconds: Wall time.
        peak: Largest resident memory above that before the run, in bytes.
    """

    seconds: float
    peak: int


def resident() -> int:
    """Resident memory of this process in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def measure(work: Callable[[], object], repeats: int = 1) -> Cost:
    """Run `work` and report the fastest time and the highest peak.

    The kernel's high-water mark of resident memory is reset before each run, so the peak is exact.
    """
    seconds, peak = float("inf"), 0
    for _ in range(repeats):
        gc.collect()
        give_back_freed_memory()
        Path("/proc/self/clear_refs").write_text("5")
        before = resident()
        start = time.perf_counter()
        work()
        seconds = min(seconds, time.perf_counter() - start)
        peak = max(peak, high_water() - before)
    return Cost(seconds, peak)


def high_water() -> int:
    """The high-water mark of resident memory since it was last reset, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def machine() -> str:
    """One line about where this ran."""
    import torch

    return f"{os.cpu_count()} cores, {torch.get_num_threads()} torch threads, torch {torch.__version__}"


__all__ = ["Cost", "machine", "measure", "resident"]
