"""Numpy archives and arrays as recordings: any order, unit and arrangement, damaged and hostile ones."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.engine.sources.events.writers import random_events
from wholefield.errors import SourceError
from wholefield.sources import Kind, Reading, UnclearFileError, kind_of, open_recording, questions_of
from wholefield.sources.events.tables import arrays
from wholefield.sources.events.tables.arrays import is_event_archive, is_event_array, open_npy, open_npz
from wholefield.sources.events.tables.npy import NpyTable

EVENTS = random_events(500, 90_000)
Table = npt.NDArray[np.float64]


def table(order: str = "txyp", **scales: float) -> Table:
    return np.stack([EVENTS[name] * scales.get(name, 1.0) for name in order], 1)


ARCHIVES = {
    "columns": {name: EVENTS[name] for name in "xytp"},
    "seconds": {"x": EVENTS["x"], "y": EVENTS["y"], "timestamps": EVENTS["t"] / 1e6, "pol": EVENTS["p"] > 0},
    "nanoseconds": {"x": EVENTS["x"], "y": EVENTS["y"], "t_ns": EVENTS["t"] * 1000, "p": EVENTS["p"]},
    "structured": {"events": EVENTS},
    "table": {"events": table().astype(np.int64)},
    "table in seconds": {"events": table(t=1e-6)},
    "table x y t p": {"events": table("xytp").astype(np.int32)},
    "table x y p t": {"events": table("xypt")},
    "table by column": {"events": np.asfortranarray(table("xytp"))},
    "table on its side": {"events": np.ascontiguousarray(table().T)},
    "table without a name": {"arr_0": table("xytp")},
    "columns of one": {name: EVENTS[name][:, None] for name in "xytp"},
    "prefixed": {f"event_{name}": EVENTS[name] for name in "xytp"},
    "big-endian": {name: EVENTS[name].astype(EVENTS[name].dtype.newbyteorder(">")) for name in "xytp"},
}
ARRAYS = {
    name: next(iter(archive.values()))
    for name, archive in ARCHIVES.items()
    if "table" in name or name == "structured"
}


@pytest.mark.parametrize("name", sorted(ARCHIVES))
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_every_archive(tmp_path: Path, name: str, save: Callable[..., None]) -> None:
    path = tmp_path / "a.npz"
    sizes = {} if name == "table without a name" else {"width": 640, "height": 480}
    save(path, **sizes, **ARCHIVES[name])
    assert is_event_archive(path)
    with open_npz(path) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS)
        if sizes:
            assert (recording.width, recording.height, recording.warnings) == (640, 480, ())


@pytest.mark.parametrize("name", sorted(ARRAYS))
def test_every_array(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.npy"
    np.save(path, ARRAYS[name])
    assert kind_of(path) is Kind.RECORDING
    with open_npy(path, Reading({"size": "640x480"})) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS)
        assert (recording.width, recording.height, recording.warnings) == (640, 480, ())


def test_size_from_the_events(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", events=EVENTS)
    with open_npz(tmp_path / "a.npz") as recording:
        assert (recording.width, recording.height) == (EVENTS["x"].max() + 1, EVENTS["y"].max() + 1)
        assert "was taken from the events" in recording.warnings[0]


def test_what_is_no_event_is_counted(tmp_path: Path) -> None:
    rows = table(t=1e-6)
    rows[10, 0], rows[20:23, 1], rows[30:34, 2], rows[40, 3] = np.nan, -3, 65534, 5
    np.save(tmp_path / "a.npy", rows)
    with open_npy(tmp_path / "a.npy") as recording:
        kept = np.delete(EVENTS, [10, *range(20, 23), *range(30, 34), 40])
        np.testing.assert_array_equal(recording.events(0, 10**9), kept)
        assert recording.num_events == len(kept)
        assert recording.warnings[:-1] == (
            f"7 events lie outside the {recording.width} x {recording.height} px of the sensor and are left out.",
            "1 event has no finite time or place and is left out.",
            "1 event has a polarity that is neither on nor off and is left out.",
        )


def test_coordinates_are_rounded(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=EVENTS["x"] + 0.4, y=EVENTS["y"] - 0.4, t=EVENTS["t"], p=EVENTS["p"])
    with open_npz(tmp_path / "a.npz") as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS)


def test_coordinates_do_not_wrap_round(tmp_path: Path) -> None:
    x = EVENTS["x"].astype(np.int64)
    x[5] += 1 << 16
    np.savez(tmp_path / "a.npz", x=x, y=EVENTS["y"], t=EVENTS["t"], p=EVENTS["p"])
    with open_npz(tmp_path / "a.npz") as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), np.delete(EVENTS, 5))
        assert recording.warnings[0].startswith("1 event lies outside")


def test_questions(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, table("tyxp", t=1000.0))
    with pytest.raises(UnclearFileError, match="columns=") as caught:
        open_recording(path)
    assert [question.name for question in caught.value.questions if question.needed] == ["columns"]
    with pytest.raises(UnclearFileError, match="unit=") as caught:
        open_recording(path, reading="columns=t,y,x,p")
    assert [question.name for question in caught.value.questions if question.needed] == ["unit"]
    assert [question.name for question in questions_of(path)] == ["columns", "unit", "size"]
    with open_recording(path, reading="columns=t,y,x,p; unit=ns; size=640,480") as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"events": np.zeros((3, 3))}, "is not a table of t, x, y and p"),
        ({"events": np.zeros(30)}, "events is not a table of t, x, y and p"),
        ({"events": EVENTS[:0]}, "holds no events"),
        ({"events": np.array(["a"] * 30)}, "it holds no numbers"),
        (
            {"x": np.zeros(5), "y": np.zeros(5), "t": np.zeros(5), "p": np.zeros(4)},
            "do not have the same length",
        ),
    ],
)
def test_other_archives(tmp_path: Path, content: dict[str, Any], reason: str) -> None:
    np.savez(tmp_path / "a.npz", **content)
    with pytest.raises(SourceError, match=reason):
        open_npz(tmp_path / "a.npz")


def test_other_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", image=np.zeros((3, 3)))
    assert not is_event_archive(tmp_path / "a.npz")
    for number, other in enumerate(
        [np.zeros((3, 3)), np.zeros((30, 40)), np.random.default_rng(0).random((99, 4))]
    ):
        np.save(tmp_path / f"{number}.npy", other)
        assert not is_event_array(tmp_path / f"{number}.npy")


def test_events_as_pictures_are_a_stack(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", events=np.zeros((5, 48, 64)))
    assert not is_event_archive(tmp_path / "a.npz")
    assert kind_of(tmp_path / "a.npz") is Kind.STACK


def test_objects_are_not_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", events=np.array([{}, {}], object))
    with pytest.raises(SourceError, match="Python objects"):
        open_npz(tmp_path / "a.npz")


@pytest.mark.parametrize("seed", range(20))
def test_noise_and_cuts(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, events=EVENTS)
    content = bytearray(path.read_bytes())
    random = np.random.default_rng(seed)
    for place in random.integers(0, len(content), 10).tolist():
        content[place] = int(random.integers(0, 256))
    path.write_bytes(content[: len(content) - seed * 50])
    with pytest.raises(SourceError, match=r"a\.npz"):
        open_npz(path)


def test_noise_in_what_is_not_compressed(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", events=EVENTS)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[4000] ^= 1
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(SourceError, match=r"damaged.*CRC"):
        open_npz(tmp_path / "a.npz")


def claiming(rows: int, content: bytes) -> bytes:
    """An array whose header promises that many rows of t, x, y, p."""
    file = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (rows, 4)}
    np.lib.format.write_array_header_2_0(file, header)
    return file.getvalue() + content


def test_a_header_that_claims_terabytes(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(claiming(1 << 40, table().tobytes()))
    with open_npy(path) as recording:
        np.testing.assert_array_equal(recording.events(0, 10**9), EVENTS)
        missing = (1 << 40) - len(EVENTS)
        assert f"The end of the file is missing: {missing} events" in recording.warnings[0]
    path.write_bytes(claiming(1 << 40, b""))
    with pytest.raises(SourceError, match="holds no events"):
        open_npy(path)


def test_a_bomb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "LARGE", 1000)
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("events.npy", claiming(10**5, bytes(32 * 10**5)))
    with pytest.raises(SourceError, match=r"a\.npz claims .* such a file is not opened"):
        open_npz(tmp_path / "a.npz")


def test_a_file_that_is_cut_short_while_it_is_open(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, table())
    with path.open("rb") as file:
        rows = NpyTable(file)
        with path.open("r+b") as other:
            other.truncate(200)
        with pytest.raises(OSError, match="cut short"):
            rows.read(0, len(EVENTS))


def test_two_tables_without_names_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, table("xytp"), table("xytp")[:100])
    assert kind_of(path) is Kind.RECORDING
    with pytest.raises(
        UnclearFileError, match="holds 2 tables, arr_0, arr_1, and does not say which"
    ) as raised:
        open_recording(path)
    (question,) = raised.value.questions
    assert (question.name, [answer.value for answer in question.answers]) == ("dataset", ["arr_0", "arr_1"])
    assert [question.name for question in questions_of(path)] == ["dataset"]
    for name, expected in (("arr_0", EVENTS), ("arr_1", EVENTS[:100])):
        with open_recording(path, reading=f"dataset={name}") as recording:
            np.testing.assert_array_equal(recording.events(0, 10**9), expected)
        assert [asked.name for asked in questions_of(path, f"dataset={name}")][:2] == ["dataset", "columns"]
    with pytest.raises(SourceError, match="has no table called arr_7; it holds arr_0, arr_1"):
        open_recording(path, reading="dataset=arr_7")


def test_two_tables_of_other_numbers_are_no_events(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    random = np.random.default_rng(0)
    np.savez(path, random.normal(size=(200, 5)), random.normal(size=(200, 5)))
    assert not is_event_archive(path)
    np.savez(path, random.normal(size=(200, 5)), table("xytp"))
    assert is_event_archive(path)
