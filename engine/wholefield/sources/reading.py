"""What the opening of every file has in common: its first bytes, and the sentences for what can go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wholefield.errors import SourceError


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn the errors of the operating system into sentences about a file."""
    try:
        yield
    except PermissionError as error:
        raise SourceError(f"{path} cannot be read: permission denied; ask its owner for access.") from error
    except FileNotFoundError as error:
        raise SourceError(
            f"{path} does not exist; check the name, or whether its disk is connected."
        ) from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error}); check the disk it is on.") from error


def head_of(path: Path, count: int) -> bytes:
    """The first `count` bytes of a file.

    Raises:
        SourceError: The file is empty.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(count)
    if not head:
        raise SourceError(f"{path} is empty; copy it again from its source.")
    return head


def damaged(path: Path, error: object) -> SourceError:
    """The error for a file whose content does not hold what its header promises."""
    return SourceError(f"{path} is damaged ({reason_of(error)}); copy it again from its source.")


def unreadable(path: Path, what: str, error: object) -> SourceError:
    """The error for a file whose header makes no sense as that of its format, such as "a TIFF"."""
    return SourceError(f"{path} cannot be read as {what} ({reason_of(error)}); copy it again.")


def closed(name: str) -> SourceError:
    """The error for reading from a file that has been closed."""
    return SourceError(f"{name} has been closed; open it again to read from it.")


def reason_of(error: object) -> str:
    """What an error of some library says, on one line, or else its kind."""
    return " ".join(str(error).split()) or type(error).__name__
