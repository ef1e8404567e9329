"""GeoJSON in and out: as QuPath writes it, as others do, and damaged."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given, settings, strategies as st

from wholefield.errors import SourceError
from wholefield.labels import (
    Annotations,
    LabelClasses,
    Shape,
    freehand,
    read_geojson,
    rectangle,
    write_geojson,
)
from wholefield.labels.geojson import is_geojson

RING = [[0, 0], [9, 0], [9, 9], [0, 9], [0, 0]]
HOLE = [[2, 2], [4, 2], [4, 4], [2, 4], [2, 2]]


def feature(geometry: dict[str, Any] | None, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def polygon(*rings: list[list[int]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def written(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def test_as_qupath_writes_it(tmp_path: Path) -> None:
    tumor = {"name": "Tumor", "color": [200, 0, 0]}
    features = [
        feature(polygon(RING, HOLE), objectType="annotation", classification=tumor, name="A", isLocked=True),
        feature(polygon(HOLE), objectType="detection", classification={"names": ["Tumor", "Positive"]}),
        feature(
            polygon(HOLE), classification={"name": "Stroma", "colorRGB": -6895466}, measurements={"Area": 4}
        ),
        feature(polygon(HOLE)),
        feature({"type": "Point", "coordinates": [1, 1]}),
        feature({"type": "LineString", "coordinates": [[1, 1], [2, 2]]}),
        feature({**polygon(HOLE), "plane": {"c": -1, "z": 3, "t": 0}}),
        feature(None),
    ]
    found = read_geojson(written(tmp_path / "a.geojson", {"type": "FeatureCollection", "features": features}))
    assert found.classes.names == ("Tumor", "Tumor: Positive", "Stroma")
    assert found.classes[1].color == (200, 0, 0)
    assert found.classes[3].color == (150, 200, 150)
    assert [shape.value for shape in found.shapes] == [1, 2, 3, 0]
    first = found.shapes[0]
    assert (first.name, first.locked, first.geometry.area) == ("A", True, 77)
    assert found.shapes[2].properties == {"measurements": {"Area": 4}}
    assert found.left_out == {
        "points and lines": 2, "shapes on other planes or time points": 1, "features without a geometry": 1,
    }  # fmt: skip
    assert "2 points and lines" in found.warnings[0]


@pytest.mark.parametrize("wrap", [lambda f: f, lambda f: [f], lambda f: f["geometry"]])
def test_other_forms(tmp_path: Path, wrap: Any) -> None:
    found = read_geojson(written(tmp_path / "a.json", wrap(feature(polygon(RING)))))
    assert [shape.geometry.area for shape in found.shapes] == [81]


def test_outlines_that_cross_themselves_are_mended_and_told(tmp_path: Path) -> None:
    bow = [[0, 0], [4, 4], [4, 0], [0, 4], [0, 0]]
    found = read_geojson(
        written(tmp_path / "a.json", [feature(polygon(bow)), feature(polygon([[0, 0]] * 4))])
    )
    assert found.mended == 1
    assert found.shapes[0].geometry.area == 8
    assert found.left_out == {"outlines without an area": 1}
    assert "made valid" in found.warnings[1]


def test_known_classes_keep_their_values(tmp_path: Path) -> None:
    known = LabelClasses()
    known.add("Fat")
    path = written(tmp_path / "a.json", [feature(polygon(RING), classification={"name": "Tumor"})])
    found = read_geojson(path, known)
    assert found.classes.names == ("Fat", "Tumor")
    assert found.shapes[0].value == 2
    assert known.names == ("Fat",)


number = st.integers(0, 200_000).map(lambda value: value / 8)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.tuples(number, number), min_size=3, max_size=7), max_size=4), st.booleans())
def test_there_and_back(
    tmp_path_factory: pytest.TempPathFactory, lines: list[list[tuple[float, float]]], packed: bool
) -> None:
    classes = LabelClasses()
    classes.add("Tumor")
    classes.change(classes.add("Stroma").value, key="", locked=True)
    shapes = [Shape(freehand(line), n % 3, "x" * n, n == 1) for n, line in enumerate(lines)]
    labels = Annotations(shape for shape in shapes if shape.geometry.area > 1)
    path = tmp_path_factory.mktemp("there") / ("a.geojson.gz" if packed else "a.geojson")
    write_geojson(path, labels, classes)
    found = read_geojson(path)
    assert list(found.classes) == list(classes)
    assert len(found.shapes) == len(labels)
    for old, new in zip(labels, found.shapes, strict=True):
        assert (old.id, old.value, old.name, old.locked) == (new.id, new.value, new.name, new.locked)
        assert old.geometry.symmetric_difference(new.geometry).area <= 1e-3 * old.geometry.length
    assert is_geojson(path, path.read_bytes()[:512])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"{", "damaged or not GeoJSON"),
        (b"[" * 100_000, "damaged or not GeoJSON"),
        (b"\x1f\x8bnonsense", "damaged or not GeoJSON"),
        (gzip.compress(b"[]" * 99, mtime=0)[:-9], "cut short"),
        (b'{"a": 1}', "not of annotations"),
        (b"[1]", "not of annotations"),
        (b'[{"geometry": {"type": "Polygon", "coordinates": 7}}]', "damaged outline"),
        (b'[{"geometry": {"type": "Blob", "coordinates": []}}]', "damaged outline"),
        (b'[{"geometry": {"type": "Point", "coordinates": [NaN, 1]}}]', "not a number"),
        (b'{"features": [], "wholefield": {"classes": [{"name": 1}]}}', "damaged classes"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "a.geojson").write_bytes(content)
    with pytest.raises(SourceError, match=told):
        read_geojson(tmp_path / "a.geojson")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read_geojson(tmp_path / "a.geojson")


def test_measurements_survive(tmp_path: Path) -> None:
    classes = LabelClasses()
    shape = Shape(
        rectangle(0, 0, 3, 3), properties={"objectType": "cell", "measurements": {"Nucleus: Area": 3.5}}
    )
    write_geojson(tmp_path / "a.geojson", Annotations([shape]), classes)
    (found,) = read_geojson(tmp_path / "a.geojson").shapes
    assert found.properties == shape.properties
    assert shapely.equals(found.geometry, shape.geometry)


@pytest.mark.parametrize("head", [b"MM\0*", b'{"runs": 1}', b"\x1f\x8b\0\0", b""])
def test_what_is_not_geojson(head: bytes) -> None:
    assert not is_geojson(Path("a.json.gz"), head)
