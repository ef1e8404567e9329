"""N-MNIST: five bytes an event and overflows, read as one event after another says."""

from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings, strategies as st

from wholefield.sources import kind_of, open_recording
from wholefield.sources.events.formats import nmnist
from wholefield.sources.events.formats.nmnist import is_nmnist, open_nmnist
from wholefield.sources.kinds import Kind

Row = tuple[int, int, int, int]


def written(rows: list[Row]) -> bytes:
    """Rows of x, y, p and t; times beyond 2**23 us come behind overflows."""
    content, added = b"", 0
    for x, y, p, t in rows:
        while t - added >= 1 << 23:
            added += 1 << 13
            content += bytes([0, 240, 0, 0, 0])
        content += bytes([x, y]) + (p << 23 | t - added).to_bytes(3, "big")
    return content


def random_rows(seed: int, count: int, side: int, span: int) -> list[Row]:
    random = np.random.default_rng(seed)
    columns = [random.integers(0, top, count) for top in (side, side, 2)]
    return list(
        zip(*(c.tolist() for c in columns), np.sort(random.integers(0, span, count)).tolist(), strict=True)
    )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(2, 200), span=st.sampled_from([300_000, 12_000_000]))
def test_events(tmp_path: Path, seed: int, count: int, span: int) -> None:
    rows = random_rows(seed, count, 34, span)
    (tmp_path / "00002.bin").write_bytes(written(rows))
    assert kind_of(tmp_path / "00002.bin") is Kind.RECORDING
    with open_recording(tmp_path / "00002.bin") as recording:
        assert (recording.width, recording.height) == (34, 34)
        assert "34 x 34 px of N-MNIST" in recording.warnings[0]
        found = [(*row[:3], row[3] + recording.start_us) for row in recording.events(0, 10**8).tolist()]
        assert found == rows


def test_larger_sensors_are_measured(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(written([(200, 9, 1, 5), (3, 170, 0, 9)]) + b"\x01\x02")
    with open_nmnist(tmp_path / "a.bin") as recording:
        assert (recording.width, recording.height) == (201, 171)
        assert recording.warnings == (
            "It ends in the middle of an event; its last 2 bytes are left out.",
            "The size of the sensor is not in the file; 201 x 171 px was taken from the events.",
        )


def test_batches_go_on_where_the_last_one_ended(tmp_path: Path) -> None:
    rows = random_rows(5, 100, 34, 30_000_000)
    (tmp_path / "a.bin").write_bytes(written(rows))
    before, times = 0, []
    table = np.frombuffer(written(rows), np.uint8).reshape(-1, 5)
    for part in np.array_split(table, 7):
        before, some = nmnist._times(part, before)
        times += some[part[:, 1] != 240].tolist()
    assert times == [row[3] for row in rows]


def test_other_files_of_that_name(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    for content in (
        b"",
        b"1234",
        b"words",
        b"some words, more words here\n.",
        np.random.default_rng(0).integers(0, 256, 5000, np.uint8).tobytes(),
    ):
        path.write_bytes(content)
        assert not is_nmnist(path)
