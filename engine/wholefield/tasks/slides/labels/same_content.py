"""Slides that lie under two names: copies, which must not stand on both sides of a split."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

SAMPLE = 64 * 1024
MOST_SHOWN = 3


def copies(paths: Iterable[Path]) -> tuple[tuple[Path, ...], ...]:
    """Files that hold the same, by their size and a hash of their beginning, middle and end.

    Links to one file are that file. Folders and empty files are left out.

    Args:
        paths: The files.

    Returns:
        Groups of two or more.
    """
    sizes: dict[int, list[Path]] = {}
    for path in sorted({path.resolve() for path in paths}):
        if path.is_file() and (size := path.stat().st_size):
            sizes.setdefault(size, []).append(path)
    groups: dict[tuple[int, bytes], list[Path]] = {}
    # Only files of one size are read.
    for size, alike in sizes.items():
        for path in alike if len(alike) > 1 else ():
            groups.setdefault((size, _hash(path, size)), []).append(path)
    return tuple(tuple(group) for group in groups.values() if len(group) > 1)


def notes_on_copies(paths: Iterable[Path]) -> tuple[str, ...]:
    """What to say of slides that hold the same, in a sentence or none."""
    found = copies(paths)
    if not found:
        return ()
    shown = "; ".join(" and ".join(path.name for path in group[:2]) for group in found[:MOST_SHOWN])
    extra = sum(len(group) - 1 for group in found)
    return (
        f"{extra} of the slides {'is a copy of another' if extra == 1 else 'are copies of others'} ({shown}"
        f"{'; ...' if len(found) > MOST_SHOWN else ''}): the same size and content. Copies "
        "stay on one side of the split, where they count more than other slides; keep one row for each slide.",
    )


def _hash(path: Path, size: int) -> bytes:
    found = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        for start in sorted({0, max(size // 2 - SAMPLE // 2, 0), max(size - SAMPLE, 0)}):
            file.seek(start)
            found.update(file.read(SAMPLE))
    return found.digest()
