"""The real recordings decode to what is known of them; what cannot be opened is refused with a sentence."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wholefield.errors import SourceError
from wholefield.sources import Recording, open_recording, open_source
from wholefield.sources.events.recording import EVENT_DTYPE

# Events and time from the first to the last, in us; width and height; triggers.
KNOWN = {
    "spinner_evt2_640x480.raw": (539_481, 50_000, 640, 480, 0),
    "sample_evt3_1280x720.raw": (219_596, 8_801, 1280, 720, 0),
    "person_evt3_640x480.raw": (343_474, 2_078_178, 640, 480, 4157),
    "person_ecf.hdf5": (343_474, 2_078_178, 640, 480, 0),
    "ncars_type0_td.dat": (4_407, 99_937, 54, 61, 0),
    "dvxplorer_320x240.aedat4": (111_954, 589_917, 320, 240, 0),
    "slider_depth_240x180.txt": (50_000, 170_345, 240, 180, 0),
}


@pytest.mark.data
@pytest.mark.parametrize("name", sorted(KNOWN))
def test_known_recordings(data_folder: Path, name: str) -> None:
    count, span, width, height, triggers = KNOWN[name]
    with open_source(data_folder / "events" / name) as recording:
        assert isinstance(recording, Recording)
        assert (recording.num_events, recording.duration_us) == (count, span + 1)
        assert (recording.width, recording.height, len(recording.triggers)) == (width, height, triggers)
        events = recording.events(0, recording.duration_us)
        assert events.dtype == EVENT_DTYPE
        assert (len(events), events["t"][0], events["t"][-1]) == (count, 0, span)
        assert (np.diff(events["t"]) >= 0).all()
        assert set(np.unique(events["p"])) == {0, 1}
        middle = recording.events(span // 3, span // 2)
        np.testing.assert_array_equal(middle, events[(events["t"] >= span // 3) & (events["t"] < span // 2)])
        assert recording.count(span // 3, span // 2) == len(middle)
        assert recording.rate(11).sum() == count


@pytest.mark.data
def test_the_same_clip_in_two_formats(data_folder: Path) -> None:
    with (
        open_recording(data_folder / "events" / "person_evt3_640x480.raw") as raw,
        open_recording(data_folder / "events" / "person_ecf.hdf5") as packed,
    ):
        assert raw.start_us == packed.start_us
        np.testing.assert_array_equal(raw.events(0, 10**7), packed.events(0, 10**7))


@pytest.mark.data
def test_the_spinner_turns_where_it_is_known_to_turn(data_folder: Path) -> None:
    """An independent look at places and times: the disc is centered at (314.3, 202.3)."""
    with open_recording(data_folder / "events" / "spinner_evt2_640x480.raw") as recording:
        events = recording.events(0, recording.duration_us)
    assert np.median(events["x"]) == pytest.approx(314.3, abs=15)
    assert np.median(events["y"]) == pytest.approx(202.3, abs=15)


def test_refusals(tmp_path: Path) -> None:
    (tmp_path / "empty.raw").touch()
    (tmp_path / "a.raw").write_bytes(b"nothing known")
    for name, reason in (
        ("empty.raw", "is empty"),
        ("a.raw", "is named like Prophesee RAW and does not begin like it"),
        ("none.raw", "does not exist; check the name"),
        ("", "is a folder without a recording; open one of the files in it, such as a.raw"),
    ):
        with pytest.raises(SourceError, match=reason) as caught:
            open_recording(tmp_path / name)
        assert str(caught.value).endswith(".")


def test_the_decoders_are_imported_when_needed() -> None:
    code = (
        "import wholefield.sources, wholefield.sources.detection, wholefield.sources.events.raw, sys;"
        "import wholefield.sources.events.tables.text;"
        "print(sorted({'numba', 'h5py', 'aedat', 'hdf5plugin', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
