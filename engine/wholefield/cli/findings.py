"""What `wholefield doctor` looks at: the machine, the packages, and what the window needs."""

import ctypes
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from importlib.util import find_spec
from pathlib import Path

import psutil
from packaging.requirements import Requirement

from wholefield.machine import free_memory

PACKAGE = "wholefield"
GIB = 2**30
LITTLE_DISK = 5 * GIB
"""Below this a few checkpoints and one exported slide fill the disk."""
FOR_DEVELOPERS = ("test", "bench", "zoo")
START_SECONDS = 60
PROBE = "from PySide6.QtGui import QGuiApplication as A; A([]); print(A.platformName())"
# What Qt loads on Linux, with the package of Debian and Ubuntu that has it. The message of Qt itself names xcb-cursor0
# whichever of them is missing.
QT_LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
}
X11_LIBRARIES = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
}


class State(StrEnum):
    """What a finding means."""

    OK = "ok"
    INFO = "info"
    OPTIONAL = "optional"
    MISSING = "missing"


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        group: The heading under which it stands.
        name: What was looked at.
        state: Whether it is there, and whether that matters.
        value: What was found, such as a version.
        remedy: What to do about it, where there is something to do.
    """

    group: str
    name: str
    state: State
    value: str = ""
    remedy: str = ""


def machine() -> Iterator[Finding]:
    """Cores, memory, disks and GPUs."""
    group, memory = "Machine", psutil.virtual_memory()
    yield Finding(group, "system", State.INFO, f"{platform.platform()}, {platform.machine()}")
    yield Finding(group, "Python", State.INFO, f"{platform.python_version()} ({sys.executable})")
    yield Finding(group, "cores", State.INFO, _cores())
    yield Finding(
        group, "memory", State.INFO, f"{free_memory() / GIB:.1f} GiB free of {memory.total / GIB:.1f}"
    )
    for name, folder in (("disk of this folder", Path.cwd()), ("disk of temporary files", _temporary())):
        usage = shutil.disk_usage(folder)
        remedy = "" if usage.free >= LITTLE_DISK else "Make room: runs and exports may not fit."
        text = f"{usage.free / GIB:.1f} GiB free of {usage.total / GIB:.1f} ({folder})"
        yield Finding(group, name, State.INFO, text, remedy)
    yield from _gpus(group)


def _cores() -> str:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    physical = psutil.cpu_count(logical=False)
    return f"{usable} usable of {os.cpu_count()}" + (f", {physical} physical" if physical else "")


def _temporary() -> Path:
    return Path(tempfile.gettempdir())


def _gpus(group: str) -> Iterator[Finding]:
    try:
        import torch
    except Exception as error:  # a broken installation is what this command is for
        text = f"torch cannot be imported ({type(error).__name__}: {error})"
        yield Finding(group, "GPU", State.MISSING, text, "Install it again: https://pytorch.org/get-started")
        return
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            found = torch.cuda.get_device_properties(index)
            text = f"{found.name}, {found.total_memory / GIB:.1f} GiB, CUDA {torch.version.cuda}"
            yield Finding(group, f"GPU {index}", State.OK, text)
    elif torch.version.cuda is None:
        remedy = "For an NVIDIA GPU install torch with CUDA: https://pytorch.org/get-started"
        yield Finding(group, "GPU", State.OPTIONAL, "this build of torch is for CPUs", remedy)
    else:
        remedy = "For an NVIDIA GPU install its driver; nvidia-smi shows whether it works."
        yield Finding(group, "GPU", State.OPTIONAL, f"torch has CUDA {torch.version.cuda}, no device", remedy)


def packages() -> Iterator[Finding]:
    """The program, the packages that it needs, and those of its extras."""
    try:
        wanted = [Requirement(line) for line in requires(PACKAGE) or ()]
    except PackageNotFoundError:
        remedy = "Run it from an installation: pip install wholefield"
        yield Finding("Packages", PACKAGE, State.MISSING, "not installed as a package", remedy)
        return
    yield Finding("Packages", PACKAGE, State.OK, version(PACKAGE))
    for each in wanted:
        if each.marker is None or each.marker.evaluate({"extra": ""}):
            yield _package("Packages", each, State.MISSING, f'pip install "{each.name}{each.specifier}"')
    for extra in metadata(PACKAGE).get_all("Provides-Extra") or ():
        if extra in FOR_DEVELOPERS:
            continue
        for each in wanted:
            if (
                each.marker
                and not each.marker.evaluate({"extra": ""})
                and each.marker.evaluate({"extra": extra})
            ):
                remedy = f'pip install "{PACKAGE}[{extra}]"'
                yield _package(f"Extra {extra}", each, State.OPTIONAL, remedy)


def _package(group: str, wanted: Requirement, absent: State, remedy: str) -> Finding:
    try:
        found = version(wanted.name)
    except PackageNotFoundError:
        return Finding(group, wanted.name, absent, "", remedy)
    if wanted.specifier.contains(found, prereleases=True):
        return Finding(group, wanted.name, State.OK, found)
    return Finding(group, wanted.name, absent, f"{found}, but {wanted.specifier} is needed", remedy)


def window() -> Iterator[Finding]:
    """The libraries of the system that Qt loads, and whether it starts; nothing where Qt is not installed."""
    group = "Window"
    if find_spec("PySide6") is None:
        return
    lacking: dict[str, str] = {}
    if sys.platform.startswith("linux"):
        needed = QT_LIBRARIES | (X11_LIBRARIES if os.environ.get("DISPLAY") else {})
        lacking = {name: package for name, package in needed.items() if not _loads(name)}
        remedy = f"sudo apt install {' '.join(lacking.values())}" if lacking else ""
        state, text = (
            (State.MISSING, ", ".join(lacking)) if lacking else (State.OK, f"all {len(needed)} found")
        )
        yield Finding(group, "libraries of the system", state, text, remedy)
    yield _start(group)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _start(group: str) -> Finding:
    """Start Qt in a process of its own: where it lacks something, it aborts."""
    name, remedy = "Qt starts", "Log in to a desktop, or set QT_QPA_PLATFORM=offscreen to use no display."
    try:
        done = subprocess.run(
            [sys.executable, "-c", PROBE], capture_output=True, text=True, timeout=START_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return Finding(group, name, State.MISSING, f"it did not within {START_SECONDS} s", remedy)
    if done.returncode == 0:
        return Finding(group, name, State.OK, f"on {done.stdout.strip()}")
    said = " ".join(done.stderr.split()) or f"exit status {done.returncode}"
    return Finding(group, name, State.MISSING, said, remedy)
