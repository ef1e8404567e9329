"""The lines before the data of AEDAT: where they end, and what they say."""

from pathlib import Path

import pytest

from wholefield.sources.events.formats.aedat_lines import camera_size, read_lines


@pytest.mark.parametrize(
    "data", [b"", b"\0\0", b"#\0\1\2\n", b"#!cut off without an end", b"\x23\x01 words\n"]
)
def test_a_line_of_bytes_belongs_to_the_data(tmp_path: Path, data: bytes) -> None:
    head = b"#!AER-DAT2.0\r\n# AEChip: some.Chip\r\n"
    (tmp_path / "a.aedat").write_bytes(head + data)
    lines = read_lines(tmp_path / "a.aedat")
    assert (lines.size, lines.version) == (len(head), "2.0")
    assert (lines.after("aechip"), lines.after("format")) == ("some.Chip", "")


def test_behind_the_last_line_all_is_data(tmp_path: Path) -> None:
    head = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n"
    (tmp_path / "a.aedat").write_bytes(head + b"# not a line\r\n")
    assert read_lines(tmp_path / "a.aedat").size == len(head)


def test_without_a_version_it_is_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.aedat").write_bytes(b"# some words\r\n\0\0")
    assert read_lines(tmp_path / "a.aedat").version == "1.0"


def test_sizes_of_cameras() -> None:
    names = ("eu.seebetter.ini.chips.davis.DAVIS240C", "Davis346red", "DVS128", "DVXplorer", "", "unknown")
    sizes = [(240, 180), (346, 260), (128, 128), (640, 480), None, None]
    assert [camera_size(name) for name in names] == sizes
