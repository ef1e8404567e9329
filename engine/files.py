"""Files that are either whole or absent: written under a temporary name, then renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success what was written there replaces `path` in one step.

    Whoever reads `path` at any moment, also after a crash, finds the old content or the new one. On an error
    the temporary file goes and `path` stays as it was.
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex}.part")
    temporary.touch(exist_ok=False)
    try:
        yield temporary
        _to_disk(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
