"""Outlines of masks: areas are exact, holes are kept, and filling the rings gives the mask back."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays

from wholefield.export.geojson import Polygon, outlines, write_outlines


def inside(polygon: Polygon, x: float, y: float) -> bool:
    """Even-odd rule over all rings."""
    crossings = 0
    for ring in polygon.rings:
        for (x0, y0), (x1, y1) in pairwise(ring):
            if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
                crossings += 1
    return crossings % 2 == 1


@given(arrays.arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_any_mask_comes_back(mask: np.ndarray) -> None:
    found = outlines(mask)
    assert sum(polygon.area for polygon in found) == mask.sum()
    for (y, x), value in np.ndenumerate(mask):
        assert sum(inside(polygon, x + 0.5, y + 0.5) for polygon in found) == value


def test_a_ring_has_one_hole_and_only_corners() -> None:
    mask = np.zeros((7, 9), bool)
    mask[1:6, 2:8] = True
    mask[3, 4:6] = False
    (polygon,) = outlines(mask)
    assert sorted(polygon.outer[:-1].tolist()) == [[2, 1], [2, 6], [8, 1], [8, 6]]
    assert [sorted(hole[:-1].tolist()) for hole in polygon.holes] == [[[4, 3], [4, 4], [6, 3], [6, 4]]]
    assert polygon.area == 28


def test_nothing_has_no_outline() -> None:
    assert outlines(np.zeros((3, 4), bool)) == []


def test_file_as_qupath_reads_it(tmp_path: Path) -> None:
    labels = np.zeros((6, 8), np.uint8)
    labels[1:3, 1:4], labels[4, 6] = 1, 2
    steps: list[tuple[int, int]] = []

    def note(done: int, total: int) -> None:
        steps.append((done, total))

    path = tmp_path / "x.geojson"
    colors = [(0, 0, 0), (230, 159, 0), (86, 180, 233)]
    assert write_outlines(path, labels, ("none", "gland", "spore"), (4.0, 2.0), colors, note) == 2
    content = json.loads(path.read_text())
    assert content["type"] == "FeatureCollection"
    gland, spore = content["features"]
    assert gland["type"] == "Feature"
    assert gland["geometry"]["type"] == "Polygon"
    (ring,) = gland["geometry"]["coordinates"]
    assert ring[0] == ring[-1]
    assert sorted(ring[:-1]) == [[4, 2], [4, 6], [16, 2], [16, 6]]
    assert gland["properties"]["objectType"] == "annotation"
    assert gland["properties"]["classification"] == {"name": "gland", "color": [230, 159, 0]}
    assert gland["properties"]["measurements"] == {"Area px^2": 48.0}
    assert spore["properties"]["classification"]["name"] == "spore"
    assert steps == [(1, 2), (2, 2)]
