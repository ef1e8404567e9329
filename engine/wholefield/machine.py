"""What the machine has to give: memory that is free now."""

import ctypes
import os
import sys
from pathlib import Path

MEMINFO = Path("/proc/meminfo")
GROUP = Path("/sys/fs/cgroup")


def free_memory() -> int | None:
    """Bytes of main memory that a program could take now without swapping; None where the system does not say.

    A container's own limit counts too.
    """
    if sys.platform == "win32":
        return _windows()
    found = [value for value in (_meminfo(MEMINFO), _group(GROUP)) if value is not None]
    return min(found) if found else _half_of_all()


def _meminfo(path: Path) -> int | None:
    """MemAvailable of Linux, given in kB of 1024 bytes."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    values = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return values[0] if values else None


def _group(folder: Path) -> int | None:
    """What a control group (version 2) may still take; None without a limit."""
    try:
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        used = int((folder / "memory.current").read_text(encoding="ascii"))
        return max(int(limit) - used, 0) if limit != "max" else None
    except (OSError, ValueError):
        return None


def _half_of_all() -> int | None:
    """macOS tells only how much there is altogether; half of it is usually free."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (ValueError, OSError, AttributeError):
        return None


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = [
        ("length", ctypes.c_ulong),
        ("load", ctypes.c_ulong),
        *((name, ctypes.c_ulonglong) for name in ("total", "available", "page", "free_page", "space", "free_space")),
        ("extended", ctypes.c_ulonglong),
    ]  # fmt: skip


def _windows() -> int | None:
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 (absent in the type stubs of other systems)
    return int(status.available) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else None
