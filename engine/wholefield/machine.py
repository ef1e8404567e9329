"""What the machine has to give: memory that is free now."""

from pathlib import Path

import psutil

GROUP = Path("/sys/fs/cgroup")


def free_memory() -> int:
    """Bytes of main memory that a program could take now without swapping; a container's own limit counts too."""
    free = int(psutil.virtual_memory().available)
    limited = _group(GROUP)
    return free if limited is None else min(free, limited)


def _group(folder: Path) -> int | None:
    """What a control group (version 2), of which psutil knows nothing, may still take; None without a limit."""
    try:
        limit = (folder / "memory.max").read_text(encoding="ascii").strip()
        used = int((folder / "memory.current").read_text(encoding="ascii"))
        return max(int(limit) - used, 0) if limit != "max" else None
    except (OSError, ValueError):
        return None
