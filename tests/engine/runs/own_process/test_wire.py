import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from wholefield.runs.own_process import wire
from wholefield.runs.own_process.wire import Arrays, decode, encode, found, name_of
from wholefield.runs.reports import Direction, TileDone
from wholefield.tasks.slides.results.class_map import ClassMap, SegmentedSlide
from wholefield.tasks.slides.settings import SegmentSettings

ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from(Direction)
    | st.text(st.characters(exclude_characters="\0/"), min_size=1).map(lambda name: Path("/data") / name)
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text().filter(lambda name: name != "$"), inner)
        | st.builds(TileDone, st.sampled_from(Direction), inner, inner, inner, inner)
    ),
)


def through(value: Any, folder: Path) -> Any:
    return decode(json.loads(json.dumps(encode(value, Arrays(folder)))), Arrays(folder))


@given(VALUES)
def test_every_value_comes_through_as_it_was(value: Any) -> None:
    back = through(value, Path("unused"))
    assert repr(back) == repr(value)
    assert back == value


def test_settings_come_through_as_they_were(tmp_path: Path) -> None:
    settings = SegmentSettings(slides=tmp_path, masks=tmp_path / "masks", epochs=3, learning_rate=0.1)
    assert through(settings, tmp_path) == settings


@pytest.mark.parametrize("kind", ["f4", "f2", "u1", "i8", "?"])
def test_arrays_come_through_bit_for_bit(tmp_path: Path, kind: str) -> None:
    array = np.random.default_rng(1).integers(0, 2, (3, 0 if kind == "?" else 5)).astype(kind)
    back = through({"a": array}, tmp_path)["a"]
    assert back.dtype == array.dtype
    assert back.shape == array.shape
    assert back.tobytes() == array.tobytes()


def test_a_map_of_classes_comes_through(tmp_path: Path) -> None:
    made = ClassMap((1, 3, 5, 7))
    logits = np.random.default_rng(1).normal(size=(1, 3, 5, 7))
    made[(slice(None),) * 4] = logits
    made.finish()
    found = SegmentedSlide(Path("a.svs"), ("x", "y", "z"), made, (7, 5), (0.5, 0.25), (0, 1, 9))
    back = through(found, tmp_path)
    assert isinstance(back, SegmentedSlide)
    assert (back.map.levels[0] == logits[0].argmax(0)).all()
    assert back.map.levels[0].dtype == made.levels[0].dtype
    assert back.map.shape == made.shape
    assert (back.probabilities == found.probabilities).all()
    assert (back.slide, back.classes, back.size, back.spacing, back.values) == (
        found.slide, found.classes, found.size, found.spacing, found.values
    )  # fmt: skip


def test_a_large_array_is_mapped_and_lives_on_when_its_file_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LARGE_BYTES", 100)
    back = through(np.arange(100), tmp_path)
    assert isinstance(back, np.memmap)
    for path in tmp_path.iterdir():
        path.unlink()
    assert back.tolist() == list(range(100))


def test_only_the_newest_arrays_are_kept(tmp_path: Path) -> None:
    arrays = Arrays(tmp_path / "arrays", most=2)
    names = [arrays.save(np.array(number)) for number in range(4)]
    assert [int(arrays.load(name)) for name in names[2:]] == [2, 3]
    with pytest.raises(FileNotFoundError):
        arrays.load(names[0])
    assert len(list((tmp_path / "arrays").iterdir())) == 2


def test_what_has_no_form_is_refused(tmp_path: Path) -> None:
    def within() -> None: ...

    for value in (object(), {1: 2}, {"$": 1}, {1, 2}):
        with pytest.raises(TypeError, match="cannot be handed"):
            encode(value, Arrays(tmp_path))
    with pytest.raises(TypeError, match="must stand in its module"):
        name_of(within)


def test_what_nobody_encoded_is_refused(tmp_path: Path) -> None:
    for value in (
        {"$": "module", "class": "os:system"},
        {"$": "object", "class": "pathlib:Path", "fields": {}},
        {"$": "member", "class": "pathlib:Path", "value": "a"},
    ):
        with pytest.raises(ValueError, match="is no kind of value"):
            decode(value, Arrays(tmp_path))


def test_an_array_cannot_be_read_from_elsewhere(tmp_path: Path) -> None:
    np.save(tmp_path / "outside.npy", np.array(1))
    (tmp_path / "arrays").mkdir()
    with pytest.raises(FileNotFoundError):
        Arrays(tmp_path / "arrays").load("../outside.npy")


def test_functions_are_found_by_name() -> None:
    assert found(name_of(encode)) is encode
