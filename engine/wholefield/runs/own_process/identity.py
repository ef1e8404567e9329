"""Who a process is, beyond its number, which the system gives to others once it has ended."""

import json
import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

import psutil

from wholefield.files import replacing

# Clocks are set: the start of a living process may seem to move by so much.
CLOCK_S = 2.0


@dataclass(frozen=True)
class ProcessIdentity:
    """A process of some machine.

    Attributes:
        pid: Its number.
        started: When it started, in seconds since 1970.
        host: The machine.
    """

    pid: int
    started: float
    host: str

    @classmethod
    def own(cls) -> Self:
        """This process."""
        return cls.of(os.getpid())

    @classmethod
    def of(cls, pid: int) -> Self:
        """A living process of this machine."""
        return cls(pid, psutil.Process(pid).create_time(), socket.gethostname())

    @property
    def here(self) -> bool:
        """Whether it is one of this machine; of others nothing is known but their names."""
        return self.host == socket.gethostname()

    @property
    def alive(self) -> bool:
        """Whether it still runs; False for those of other machines."""
        if not self.here:
            return False
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) <= CLOCK_S
            return same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def kill(self) -> None:
        """End it at once; nothing happens where it has ended."""
        if self.alive:
            psutil.Process(self.pid).kill()

    def write(self, path: Path) -> None:
        """Write it into a file."""
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """The process that a file names; None where there is none, or it names none."""
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            return cls(int(values["pid"]), float(values["started"]), str(values["host"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
