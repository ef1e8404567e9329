"""One process at a time does a run: the lock of its folder, which the system takes back when the process ends."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from wholefield.errors import SettingError
from wholefield.files import finish_replacing, sweep
from wholefield.runs.folder import RunFolder

# Far behind the end of any log: on Windows nobody else can read what is locked.
FAR = 2**31 - 2


@contextmanager
def locked(folder: RunFolder) -> Iterator[None]:
    """Hold the lock of a run folder; what a killed process left half done is finished or removed first.

    It lies on the log, which is never replaced. No file of its own can be left behind, and no number of a process that
    the system has given to another one confuses it.

    Raises:
        SettingError: Another process does the run, or the same one a second time.
        OSError: The folder cannot be written to.
    """
    with folder.log_file.open("ab") as file:
        if not _take(file):
            raise SettingError(
                f"The run in {folder.path} is in progress in another process; wait for its end, or stop it first."
            )
        finish_replacing(folder.path)
        sweep(folder.path)
        yield


def _take(file: BinaryIO) -> bool:
    """Lock an open file until it is closed; False where another one has it locked."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
