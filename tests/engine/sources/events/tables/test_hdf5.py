"""Recordings in HDF5 of every layout, compressed in every way, whole and damaged."""

from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import pytest

from tests.engine.sources.events.writers import ecf_chunk, random_events, write_ecf
from wholefield.errors import SourceError
from wholefield.sources import Kind, Reading, UnclearFileError, kind_of
from wholefield.sources.events.recording import EVENT_DTYPE, Events
from wholefield.sources.events.tables.hdf5 import ask_hdf5, layout_of, open_hdf5
from wholefield.sources.events.tables.hdf5_layouts import Layout

CHUNK = 1000


@pytest.fixture
def events() -> Events:
    return random_events(5400, 90_000)


def ecf_chunks(events: Events) -> list[bytes]:
    forms = ("yxp", "xp", "masked")
    return [ecf_chunk(events[i : i + CHUNK], forms[i // CHUNK % 3]) for i in range(0, len(events), CHUNK)]


def check(path: Path, events: Events, size: tuple[int, int] = (640, 480)) -> None:
    with open_hdf5(path) as recording:
        assert (recording.width, recording.height) == size
        assert recording.num_events == len(events)
        assert recording.duration_us == events["t"][-1] + 1
        np.testing.assert_array_equal(recording.events(0, recording.duration_us), events)
        for low, high in [(0, 1), (500, 501), (1234, 56_789), (80_000, 10**6), (-5, 0), (7, 7)]:
            expected = events[(events["t"] >= low) & (events["t"] < high)]
            np.testing.assert_array_equal(recording.events(low, high), expected)
            assert recording.count(low, high) == len(expected)
        np.testing.assert_array_equal(np.concatenate(list(recording.chunks(700))), events)


def test_ecf(tmp_path: Path, events: Events) -> None:
    shifted = events.copy()
    shifted["t"] += 7_000_000
    write_ecf(tmp_path / "a.hdf5", events, ecf_chunks(shifted))
    check(tmp_path / "a.hdf5", events)
    with open_hdf5(tmp_path / "a.hdf5") as recording:
        assert recording.start_us == 7_000_000


@pytest.mark.parametrize("options", [{}, {"compression": "gzip"}, dict(hdf5plugin.Blosc())])
def test_compounds(tmp_path: Path, events: Events, options: dict[str, Any]) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["geometry"] = "640x480"
        file.create_dataset("CD/events", data=events, **({"chunks": (CHUNK,), **options} if options else {}))
    check(tmp_path / "a.h5", events)


def test_dsec(tmp_path: Path, events: Events) -> None:
    with h5py.File(tmp_path / "events.h5", "w") as file:
        for name in "xytp":
            column = events[name].astype({"t": "u4", "p": "u1"}.get(name, "u2"))
            file.create_dataset(f"events/{name}", data=column, chunks=(CHUNK,), **hdf5plugin.Blosc())
        file["t_offset"], file["ms_to_idx"] = 49_599_301_523, np.zeros(91, "u8")
    assert layout_of(tmp_path / "events.h5") is Layout.DSEC
    check(tmp_path / "events.h5", events)
    with open_hdf5(tmp_path / "events.h5") as recording:
        assert recording.start_us == 49_599_301_523


def test_mvsec(tmp_path: Path, events: Events) -> None:
    events["x"] %= 346
    events["y"] %= 260
    rows = np.stack([events["x"], events["y"], 1.5e9 + events["t"] / 1e6, events["p"] * 2.0 - 1], 1)
    with h5py.File(tmp_path / "outdoor_day1_data.hdf5", "w") as file:
        file.create_dataset("davis/left/events", data=rows, chunks=(CHUNK, 4))
    check(tmp_path / "outdoor_day1_data.hdf5", events, (346, 260))


def test_columns_of_a_stranger(tmp_path: Path, events: Events) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in "xytp":
            file[f"events/{name}"] = events[name]
    check(tmp_path / "a.h5", events)
    with open_hdf5(tmp_path / "a.h5") as recording:
        assert "640 x 480 px was taken from the events" in recording.warnings[0]


def test_a_damaged_chunk_costs_what_follows_in_it(tmp_path: Path, events: Events) -> None:
    chunks = ecf_chunks(events)
    chunks[3] = chunks[3][: len(chunks[3]) * 9 // 10]
    write_ecf(tmp_path / "a.h5", events, chunks)
    with open_hdf5(tmp_path / "a.h5") as recording:
        found = recording.events(0, 10**9)
        lost = len(events) - len(found)
        assert 0 < lost < CHUNK
        begin = 4 * CHUNK - lost
        expected = np.concatenate([events[:begin], events[4 * CHUNK :]])
        np.testing.assert_array_equal(found, expected)
        text = f"The file is damaged: events {begin} to {4 * CHUNK - 1} cannot be read and are left out."
        assert recording.warnings == (text,)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9, 0.999])
def test_cut_off(tmp_path: Path, events: Events, share: float) -> None:
    path = tmp_path / "a.h5"
    write_ecf(path, events, ecf_chunks(events))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(SourceError, match=r"a\.h5 is damaged .*; copy it again\.$"):
        open_hdf5(path)


@pytest.mark.parametrize("seed", range(40))
def test_noise_in_the_file(tmp_path: Path, events: Events, seed: int) -> None:
    path = tmp_path / "a.h5"
    write_ecf(path, events, ecf_chunks(events))
    content = bytearray(path.read_bytes())
    random = np.random.default_rng(seed)
    for place in random.integers(0, len(content), 30).tolist():
        content[place] = int(random.integers(0, 256))
    path.write_bytes(content)
    told = "a.h5"
    try:
        with open_hdf5(path) as recording:
            assert (np.diff(recording.events(0, recording.duration_us)["t"]) >= 0).all()
    except SourceError as error:
        told = str(error)
    assert "a.h5" in told


def test_what_holds_no_events(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["volume"] = np.zeros((3, 4, 5))
        file["events"] = 5
    assert layout_of(tmp_path / "a.h5") is None
    with pytest.raises(SourceError, match="holds no events where they are known to be"):
        open_hdf5(tmp_path / "a.h5")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["CD/events"] = np.zeros(0, EVENT_DTYPE)
    with pytest.raises(SourceError, match="holds no events that can be read"):
        open_hdf5(tmp_path / "b.h5")


def test_closed(tmp_path: Path, events: Events) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["CD/events"] = events
    recording = open_hdf5(tmp_path / "a.h5")
    recording.close()
    recording.close()
    with pytest.raises(SourceError, match="is closed; open it again"):
        recording.events(0, 100)


def table_of(events: Events, order: str, **scales: float) -> np.ndarray[Any, Any]:
    return np.stack([events[name] * scales.get(name, 1.0) for name in order], 1)


def write_named(path: Path, events: Events, names: str, **kinds: Any) -> None:
    """Columns `names` formatted with x, y, t and p, each of its own type; a pair is a type and a factor."""
    with h5py.File(path, "a") as file:
        for name in "xytp":
            kind, factor = kinds.get(name, (events[name].dtype, 1))
            file[names.format(name)] = (events[name] * factor).astype(kind)


NAMED: dict[str, tuple[str, dict[str, Any]]] = {
    "e2vid": ("events/{}s", {"t": ("f8", 1e-6), "p": ("?", 1), "x": ("i2", 1), "y": ("i2", 1)}),
    "M3ED": ("prophesee/left/{}", {"t": ("i8", 1), "p": ("i1", 1)}),
    "raw events": ("raw_events/{}", {"t": ("f8", 1e-6)}),
    "event columns": ("camera/event_{}", {}),
    "real microseconds": ("events/{}", {"t": ("f8", 1), "x": ("f4", 1), "y": ("f4", 1)}),
}


@pytest.mark.parametrize("name", sorted(NAMED))
def test_columns_under_other_names(tmp_path: Path, events: Events, name: str) -> None:
    names, kinds = NAMED[name]
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["sensor_resolution"] = (480, 640)
    write_named(tmp_path / "a.h5", events, names, **kinds)
    assert kind_of(tmp_path / "a.h5") is Kind.RECORDING
    check(tmp_path / "a.h5", events)


@pytest.mark.parametrize("order", ["txyp", "xytp", "xypt"])
@pytest.mark.parametrize("scale", [1.0, 1e-6])
def test_tables_of_any_order(tmp_path: Path, events: Events, order: str, scale: float) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["events"] = table_of(events, order, t=scale)
    with open_hdf5(tmp_path / "a.h5", Reading({"size": "640,480"})) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), events)
        assert recording.metadata["columns"] == ",".join(order)
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["my/dvs"] = table_of(events, order, t=scale).T
        file["my/dvs"].attrs["columns"] = list(order)
    with open_hdf5(tmp_path / "b.h5") as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), events)


@pytest.mark.parametrize(
    ("unit", "factor"), [("ns", 1000), ("us", 1), ("microseconds", 1), ("s", 1e-6), ("ms", 1e-3)]
)
def test_the_unit_in_an_attribute(tmp_path: Path, events: Events, unit: str, factor: float) -> None:
    write_named(tmp_path / "a.h5", events, "events/{}", t=("f8", factor))
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["events/t"].attrs["units"] = unit
        file.attrs.update(width=640, height=480)
    check(tmp_path / "a.h5", events)


def test_a_unit_that_is_open(tmp_path: Path, events: Events) -> None:
    write_named(tmp_path / "a.h5", events, "events/{}", t=("i8", 1000))
    with pytest.raises(UnclearFileError, match="does not say the unit") as caught:
        open_hdf5(tmp_path / "a.h5")
    assert [question.name for question in caught.value.questions if question.needed] == ["unit"]
    with open_hdf5(tmp_path / "a.h5", Reading({"unit": "ns"})) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), events)


def test_nanoseconds_since_1970_stay_exact(tmp_path: Path, events: Events) -> None:
    start = 1_700_000_000_123_456_000
    shifted = events["t"] * 1000 + start
    write_named(tmp_path / "a.h5", events, "events/{}")
    with h5py.File(tmp_path / "a.h5", "a") as file:
        del file["events/t"]
        file["events/t"] = shifted
        file.attrs["geometry"] = "640x480"
    check(tmp_path / "a.h5", events)


def test_two_recordings(tmp_path: Path, events: Events) -> None:
    path = tmp_path / "a.h5"
    for side, part in (("left", events), ("right", events[:2000])):
        write_named(path, part, f"prophesee/{side}/{{}}")
        with h5py.File(path, "a") as file:
            file[f"prophesee/{side}/calib/resolution"] = np.array([640, 480])
    check(path, events)
    with open_hdf5(path) as recording:
        assert recording.warnings == (
            "The file holds 2 recordings; prophesee/left is open, and prophesee/right can be chosen.",
        )
    with open_hdf5(path, Reading({"dataset": "prophesee/right"})) as recording:
        assert (recording.num_events, recording.warnings) == (2000, ())
    with pytest.raises(
        SourceError, match=r"no recording called davis; it holds prophesee/left, prophesee/right"
    ):
        open_hdf5(path, Reading({"dataset": "davis"}))
    dataset = ask_hdf5(path, Reading())[0]
    assert [answer.value for answer in dataset.answers] == ["prophesee/left", "prophesee/right"]
    assert [question.name for question in ask_hdf5(path, Reading())] == ["dataset", "columns", "unit", "size"]


def test_rectified_coordinates_are_rounded_and_those_outside_told(tmp_path: Path, events: Events) -> None:
    x, y = events["x"] + 0.3, events["y"] - 0.45
    x[:7], y[7:9] = -0.7, 479.6
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, values in zip(
            "xytp", (x.astype("f4"), y.astype("f4"), events["t"], events["p"]), strict=True
        ):
            file[f"events/{name}"] = values
        file["t_offset"] = 5
    with open_hdf5(tmp_path / "a.h5") as recording:
        np.testing.assert_array_equal(
            recording.events(0, 10**9)[["x", "y", "p"]].tolist(), events[9:][["x", "y", "p"]].tolist()
        )
        assert recording.start_us == events["t"][9] + 5
        assert recording.warnings == (
            "9 events lie outside the 640 x 480 px of the sensor and are left out.",
        )


def test_marks_of_missing_events(tmp_path: Path, events: Events) -> None:
    events["x"][::10] = 65534
    write_named(tmp_path / "a.h5", events, "events/{}")
    with open_hdf5(tmp_path / "a.h5") as recording:
        kept = np.delete(events, np.s_[::10])
        assert recording.width == kept["x"].max() + 1
        assert len(recording.events(0, 10**9)) == recording.num_events == len(kept)
        assert recording.warnings[0].startswith("540 events lie outside the 640 x 480 px")


def test_no_sensor_has_that_size(tmp_path: Path, events: Events) -> None:
    events["y"] = events["p"]
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["CD/events"] = events
    with pytest.raises(UnclearFileError, match=r"sensor of 640 x 2 px, which no camera has.*size=") as caught:
        open_hdf5(tmp_path / "a.h5")
    assert caught.value.questions[0].name == "size"
    check_size = Reading({"size": "640,2"})
    with open_hdf5(tmp_path / "a.h5", check_size) as recording:
        assert recording.num_events == len(events)


def test_a_shape_that_claims_terabytes(tmp_path: Path, events: Events) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["geometry"] = "640x480"
        for name in "xytp":
            data = file.create_dataset(f"events/{name}", (1 << 42,), events[name].dtype, chunks=(CHUNK,))
            data[:5000] = events[name][:5000]
    check(tmp_path / "a.h5", events[:5000])


@pytest.mark.parametrize("offset", [2**62, np.nan, [1, 2]])
def test_an_offset_that_makes_no_sense(tmp_path: Path, events: Events, offset: Any) -> None:
    write_named(tmp_path / "a.h5", events, "events/{}")
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["t_offset"] = offset
    with pytest.raises(SourceError, match=r"a\.h5 is damaged"):
        open_hdf5(tmp_path / "a.h5")


def test_columns_of_different_lengths(tmp_path: Path, events: Events) -> None:
    write_named(tmp_path / "a.h5", events, "events/{}")
    with h5py.File(tmp_path / "a.h5", "a") as file:
        del file["events/p"]
        file["events/p"] = events["p"][:-100]
    with open_hdf5(tmp_path / "a.h5") as recording:
        assert recording.num_events == len(events) - 100
        assert any("different lengths" in text for text in recording.warnings)


def test_the_largest_table_of_a_stack_is_no_recording(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["entry/data"] = np.zeros((9, 4, 5))
        file["entry/event_table"] = np.zeros((9, 40))
    assert layout_of(tmp_path / "a.h5") is None


def test_links_out_of_the_file_and_in_circles_are_not_followed(tmp_path: Path, events: Events) -> None:
    write_named(tmp_path / "b.h5", events, "events/{}")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["events"] = h5py.ExternalLink("b.h5", "/events")
        file["a/b"] = np.zeros(3)
        file["a/circle"] = file["a"]
    assert layout_of(tmp_path / "a.h5") is None


@pytest.mark.parametrize(
    ("words", "dtype"),
    [
        (("0", "1"), "S2"),
        (("-1", "1"), "S2"),
        (("OFF", "ON"), h5py.string_dtype()),
        (("False", "True"), "S8"),
    ],
)
def test_polarities_as_text(tmp_path: Path, events: Events, words: tuple[str, str], dtype: Any) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in "xyt":
            file[f"events/{name}"] = events[name]
        file["events/p"] = np.array([words[p].encode() for p in events["p"].tolist()], dtype)
        file["events"].attrs["geometry"] = "640x480"
    check(tmp_path / "a.h5", events)


def test_polarities_of_other_words_are_counted(tmp_path: Path, events: Events) -> None:
    words = [str(p).encode() for p in events["p"].tolist()]
    words[7] = b"maybe"
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name in "xyt":
            file[f"events/{name}"] = events[name]
        file["events/p"] = np.array(words, "S5")
    with open_hdf5(tmp_path / "a.h5") as recording:
        assert recording.num_events == len(events) - 1
        assert "1 event has a polarity that is neither on nor off and is left out." in recording.warnings
