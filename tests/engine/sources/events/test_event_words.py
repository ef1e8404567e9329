"""Words behind a header: what is read, and that reading leaves nothing in memory."""

import os
from pathlib import Path

import numpy as np
import pytest

from wholefield.errors import SourceError
from wholefield.sources.events.event_words import AT_ONCE, WordFile

WORD = np.dtype("<u2")


def mapped_bytes() -> int:
    """Bytes of files that are mapped into this process and in memory."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith("RssFile"))


def test_words_are_those_behind_the_header(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(b"%%%" + np.arange(1000, dtype=WORD).tobytes() + b"!")
    file = WordFile(path, 3, WORD)
    assert (len(file), file.rest) == (1000, 1)
    np.testing.assert_array_equal(file.read(10, 20), np.arange(10, 20))
    np.testing.assert_array_equal(file.read(-5, 2000), np.arange(1000))
    assert file.read(1000, 1001).size == 0
    file.close()
    with pytest.raises(SourceError, match=r"a\.raw is closed"):
        file.read(0, 1)


def test_a_file_that_was_cut_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(bytes(1 << 16))
    file = WordFile(path, 0, WORD)
    with path.open("r+b") as other:
        other.truncate(1 << 12)
    with pytest.raises(SourceError, match="has become shorter"):
        file.read(0, 1 << 15)
    assert file.read(0, 1 << 11).size == 1 << 11
    file.close()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells memory as Linux does")
def test_looking_in_many_places_leaves_nothing_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.raw"
    path.write_bytes(bytes(16 * AT_ONCE))
    read_anew(path)
    file = WordFile(path, 100, WORD)
    file.read(0, 10)
    before = mapped_bytes()
    for position in range(AT_ONCE // 8, len(file), AT_ONCE // 8):
        assert file.read(position, position + 4096).size == 4096
    assert mapped_bytes() - before < AT_ONCE // 4
    file.close()


def read_anew(path: Path) -> None:
    """Let the system read a file from disk as a whole: it then keeps it in large pieces, and maps such at once."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while file.read(AT_ONCE):
            pass
