"""Bytes of open files: boxes against slices of an array, files that are cut short, and closing while others read."""

import os
from collections.abc import Sequence
from pathlib import Path
from threading import Barrier, Thread

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from tests.engine.sources.stacks.volumes import volume
from wholefield.errors import SourceError
from wholefield.sources.stacks import file_bytes
from wholefield.sources.stacks.file_bytes import FileBytes, ManyFiles, OpenFile, Part, read_array
from wholefield.sources.stacks.stack import AnyArray


class Held(FileBytes):
    """Bytes in memory that note what is asked of them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[tuple[int, int]] = []

    def read_runs(self, target: memoryview, starts: Sequence[int], length: int) -> None:
        assert len(target) == len(starts) * length
        for index, start in enumerate(starts):
            assert 0 <= start <= start + length <= len(self.data)
            target[index * length : (index + 1) * length] = self.data[start : start + length]
            self.asked.append((start, length))

    def close(self) -> None:
        """Nothing to close."""


@st.composite
def boxes(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[slice, ...]]:
    shape = tuple(draw(st.lists(st.integers(1, 7), min_size=1, max_size=5)))
    sides = []
    for length in shape:
        start = draw(st.integers(0, length - 1))
        sides.append(slice(start, draw(st.integers(start + 1, length))))
    return shape, tuple(sides)


@settings(deadline=None)
@given(boxes(), st.sampled_from(["u1", "<i2", ">f4", ">f8"]), st.integers(0, 64), st.integers(1, 256))
def test_boxes_are_those_of_an_array(
    box: tuple[tuple[int, ...], tuple[slice, ...]], dtype: str, gap: int, run: int
) -> None:
    """Whatever is read along with what is wanted, and in whatever pieces."""
    shape, sides = box
    array: AnyArray = np.random.default_rng(len(shape)).integers(0, 200, shape).astype(dtype)
    held = Held(array.tobytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_bytes, "GAP_BYTES", gap)
        patch.setattr(file_bytes, "RUN_BYTES", run)
        values = read_array(held, shape, array.dtype, sides)
    np.testing.assert_array_equal(values, array[sides])
    assert values.dtype == array.dtype
    # Nothing is read twice, and no run is longer than allowed unless one piece is.
    ends = np.array(sorted(held.asked))
    assert (ends[:-1].sum(axis=1) <= ends[1:, 0]).all()


def test_a_plane_across_rows_reads_little() -> None:
    """Gaps above the limit are jumped over, smaller ones are read along."""
    shape = (8, 64, 4096)
    held = Held(bytes(np.prod(shape)))
    read_array(held, shape, np.dtype("u1"), (slice(0, 8), slice(3, 4), slice(0, 4096)))
    assert held.asked == [(z * 64 * 4096 + 3 * 4096, 4096) for z in range(8)]
    held.asked.clear()
    read_array(held, shape, np.dtype("u1"), (slice(2, 3), slice(0, 64), slice(10, 4000)))
    assert held.asked == [(2 * 64 * 4096 + 10, 63 * 4096 + 3990)]


def many(folder: Path, parts: int) -> tuple[tuple[Part, ...], bytes]:
    data = volume(dtype="u1").tobytes()
    size = len(data) // parts
    for index in range(parts):
        piece = data[index * size : (index + 1) * size]
        (folder / f"{index}").write_bytes(b"head" + piece + b"tail")
    return tuple(Part(folder / f"{index}", 1, 3) for index in range(parts)), data


@pytest.mark.parametrize("parts", [1, 2, 6])
def test_reads_across_files(tmp_path: Path, parts: int) -> None:
    files, data = many(tmp_path, parts)
    source = ManyFiles(files, len(data) // parts)
    for start, stop in ((0, len(data)), (7, 97), (19, 20), (20, 60)):
        target = bytearray(stop - start)
        source.read_runs(memoryview(target), (start,), stop - start)
        assert bytes(target) == data[start:stop]
    source.close()


def test_a_file_that_is_cut_short_while_it_is_open_gives_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(100_000))
    source = OpenFile(tmp_path / "a", (tmp_path / "a").open("rb"))
    target = memoryview(bytearray(50_000))
    source.read_runs(target, (50_000,), 50_000)
    os.truncate(tmp_path / "a", 60_000)
    with pytest.raises(SourceError, match="has become shorter since it was opened"):
        source.read_runs(target, (50_000,), 50_000)
    source.read_runs(target, (10_000,), 50_000)
    source.close()


def test_closing_waits_for_those_who_read(tmp_path: Path) -> None:
    """A descriptor must not be given to another file while a thread still reads from it."""
    (tmp_path / "a").write_bytes(bytes(range(256)) * 4096)
    source = OpenFile(tmp_path / "a", (tmp_path / "a").open("rb"))
    start = Barrier(5)
    wrong: list[str] = []

    def read() -> None:
        target = bytearray(2**16)
        start.wait()
        for place in range(0, 2**20, 2**16):
            try:
                source.read_runs(memoryview(target), (place,), 2**16)
            except SourceError as error:
                if "closed" not in str(error):
                    wrong.append(str(error))
                return
            if bytes(target) != bytes(range(256)) * 256:
                wrong.append(f"other bytes at {place}")

    threads = [Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    start.wait()
    source.close()
    for thread in threads:
        thread.join()
    assert not wrong
    with pytest.raises(SourceError, match="has been closed"):
        source.read_runs(memoryview(bytearray(1)), (0,), 1)
