"""Headers of RAW and DAT files, and the formats they name."""

from pathlib import Path

import numpy as np
import pytest

from tests.engine.sources.events.writers import evt21_words, random_events, swapped, write_stream
from wholefield.errors import SourceError
from wholefield.sources.choices import Reading
from wholefield.sources.events.raw import ask_size, open_dat, open_raw, read_header


def test_fields_and_end() -> None:
    header = read_header(b"% evt 3.0\n% Date 2020-09-25 07:48:29\n% end\n% no field\n\x01\x02")
    assert header.fields == {"evt": "3.0", "Date": "2020-09-25 07:48:29"}
    assert header.size == len(b"% evt 3.0\n% Date 2020-09-25 07:48:29\n% end\n")


def test_without_an_end_the_first_other_line_ends_it() -> None:
    text = b"% Version 2\n% Width 304\n"
    for data in (b"\x00\x08abc", b"%\x80\x00\n", b"% \x80\x00\n", b"% cut"):
        assert read_header(text + data).size == len(text)


@pytest.mark.parametrize("more", [b"", b"% format EVT21;endianness=legacy;height=480;width=640\n"])
def test_legacy_halves_are_known_by_header_or_clock(tmp_path: Path, more: bytes) -> None:
    events = random_events(3000, 50_000)
    path = tmp_path / "a.raw"
    words = swapped(evt21_words(events, 0))
    path.write_bytes(b"% evt 2.1\n% geometry 640x480\n" + more + b"% end\n" + words.tobytes())
    with open_raw(path) as recording:
        assert recording.format_name == "Prophesee RAW EVT2.1 (legacy)"
        np.testing.assert_array_equal(recording.events(0, 50_000), events)


@pytest.mark.parametrize(
    ("lines", "size"),
    [
        ("% geometry 320x320", (320, 320)),
        ("% format EVT2;height=720;width=1280", (1280, 720)),
        ("% plugin_name hal_plugin_gen3_fx3", (640, 480)),
        ("% plugin_name hal_plugin_imx636_evk4", (1280, 720)),
        ("% sensor_generation 4.2", (1280, 720)),
    ],
)
def test_size(tmp_path: Path, lines: str, size: tuple[int, int]) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(f"% evt 2.0\n{lines}\n% end\n".encode() + np.array([8 << 28, 5], "<u4").tobytes())
    with open_raw(path) as recording:
        assert (recording.width, recording.height, recording.warnings) == (*size, ())
        assert recording.events(0, 1).tolist() == [(0, 5, 0, 0)]


def test_files_older_than_the_evt_line_are_evt2(tmp_path: Path) -> None:
    content = write_stream(tmp_path, "evt2", random_events(300, 900)).read_bytes()
    (tmp_path / "a.raw").write_bytes(content.replace(b"% evt 2.0\n", b""))
    with open_raw(tmp_path / "a.raw") as recording:
        assert recording.format_name == "Prophesee RAW EVT2"
        assert recording.num_events == 300


def test_other_formats_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.raw").write_bytes(b"% evt 4.0\n% end\n" + bytes(64))
    with pytest.raises(
        SourceError, match=r"a\.raw is written as evt 4\.0; only EVT 2\.0, 2\.1 and 3\.0 can be read"
    ):
        open_raw(tmp_path / "a.raw")
    (tmp_path / "a.dat").write_bytes(b"% Data file\n\x28\x10" + bytes(64))
    with pytest.raises(SourceError, match="holds events of type 40 with 16 bytes, not contrast events"):
        open_dat(tmp_path / "a.dat")
    (tmp_path / "a.dat").write_bytes(b"% Data file\n")
    with pytest.raises(SourceError, match="holds events of no type"):
        open_dat(tmp_path / "a.dat")


def test_dat_type_0(tmp_path: Path) -> None:
    content = write_stream(tmp_path, "dat", random_events(300, 900)).read_bytes()
    (tmp_path / "a.dat").write_bytes(content.replace(b"\x0c\x08", b"\x00\x08", 1))
    with open_dat(tmp_path / "a.dat") as recording:
        np.testing.assert_array_equal(recording.events(0, 900), random_events(300, 900))


@pytest.mark.parametrize(
    "lines", ["% geometry 480x2", "% geometry 480x65528", "% geometry 0x480", "% width 0\n% height 5"]
)
def test_a_sensor_that_no_camera_has_is_refused(tmp_path: Path, lines: str) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(f"% evt 2.0\n{lines}\n% end\n".encode() + np.array([8 << 28, 5], "<u4").tobytes())
    with pytest.raises(SourceError, match=r"px, which no camera has; set size=width,height"):
        open_raw(path)
    with open_raw(path, Reading({"size": "640,480"})) as recording:
        assert (recording.width, recording.height, recording.num_events) == (640, 480, 1)


def test_a_measured_sensor_that_no_camera_has_is_refused(tmp_path: Path) -> None:
    words = [8 << 28, *((x << 11) + x % 2 for x in range(480))]
    path = tmp_path / "a.raw"
    path.write_bytes(b"% evt 2.0\n% end\n" + np.array(words, "<u4").tobytes())
    with pytest.raises(SourceError, match=r"a\.raw would have a sensor of 480 x 2 px, which no camera has"):
        open_raw(path)
    assert [question.name for question in ask_size(path, Reading())] == ["size"]


def test_the_size_can_be_answered_where_the_header_lacks_it(tmp_path: Path) -> None:
    events = random_events(300, 900)
    content = write_stream(tmp_path, "dat", events).read_bytes()
    path = tmp_path / "a.dat"
    path.write_bytes(content.replace(b"% Width 640\n% Height 480\n", b""))
    with open_dat(path, Reading({"size": "1280,720"})) as recording:
        assert (recording.width, recording.height, recording.warnings) == (1280, 720, ())
