"""Words behind a header: what is read, of a file that may change while it is open."""

from pathlib import Path

import numpy as np
import pytest

from wholefield.errors import SourceError
from wholefield.sources.events.event_words import WordFile

WORD = np.dtype("<u2")


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


def test_what_is_added_later_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(bytes(100))
    file = WordFile(path, 0, WORD)
    with path.open("ab") as other:
        other.write(bytes(7))
    assert (len(file), file.grown, file.read(0, 100).size) == (50, 7, 50)
    file.close()
