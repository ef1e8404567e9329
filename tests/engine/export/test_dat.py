"""DAT files against the bits of the format."""

import struct
from pathlib import Path

import numpy as np
import pytest

from wholefield.errors import SettingError
from wholefield.export.dat import write_dat
from wholefield.sources.events.recording import EVENT_DTYPE


def test_bits(tmp_path: Path) -> None:
    events = np.array([(3, 5, 0, 7), (639, 479, 1, 1 << 31), (0, 16383, 1, (1 << 32) - 1)], EVENT_DTYPE)
    assert write_dat(tmp_path / "a_td.dat", [events[:1], events[1:]], 640, 480) == 3
    content = (tmp_path / "a_td.dat").read_bytes()
    header, body = content[: -3 * 8], content[-3 * 8 :]
    assert header.startswith(b"% ")
    assert b"% Width 640\n" in header
    assert header[-2:] == bytes((12, 8))
    words = list(struct.iter_unpack("<II", body))
    assert [t for t, _ in words] == events["t"].tolist()
    assert [(w & 0x3FFF, w >> 14 & 0x3FFF, w >> 28) for _, w in words] == events[["x", "y", "p"]].tolist()


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"a\.dat: DAT holds times up to 71\.6 minutes"):
        write_dat(tmp_path / "a.dat", [np.array([(0, 0, 0, 1 << 32)], EVENT_DTYPE)], 4, 4)
    with pytest.raises(SettingError, match="sensors up to"):
        write_dat(tmp_path / "a.dat", [], 20_000, 4)
    assert not list(tmp_path.iterdir())


def test_our_reader_reads_it(tmp_path: Path) -> None:
    from wholefield.sources.events.opening import open_recording

    events = np.array([(3, 5, 0, 0), (39, 29, 1, 900)], EVENT_DTYPE)
    write_dat(tmp_path / "a_td.dat", [events], 40, 30)
    with open_recording(tmp_path / "a_td.dat") as recording:
        assert (recording.width, recording.height) == (40, 30)
        np.testing.assert_array_equal(recording.events(0, 901), events)
