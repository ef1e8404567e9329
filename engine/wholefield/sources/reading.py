"""Errors of the operating system, met while a file is opened, as sentences for the user."""

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
        raise SourceError(
            f"{path} may not be read by you; ask its owner for permission to read it."
        ) from error
    except FileNotFoundError as error:
        raise SourceError(
            f"{path} does not exist; check the name, or whether its disk is connected."
        ) from error
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error}); check the disk it is on.") from error
