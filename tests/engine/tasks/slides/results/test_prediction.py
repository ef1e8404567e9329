"""A saved prediction."""

from pathlib import Path

import numpy as np
import pytest

from wholefield.errors import SourceError
from wholefield.tasks.slides.results.prediction import SlidePrediction


def test_round_trip(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    prediction = SlidePrediction(
        slide=tmp_path / "ü slide.svs",
        classes=("a, b", "c"),
        probabilities=np.array([0.25, 0.75], np.float32),
        maps=random.random((2, 5, 7), dtype=np.float32),
        box=(-7.5, 0.25, 100.0, 1e6),
    )
    prediction.save(tmp_path / "p.npz")
    loaded = SlidePrediction.load(tmp_path / "p.npz")
    assert (loaded.slide, loaded.classes, loaded.box) == (
        prediction.slide,
        prediction.classes,
        prediction.box,
    )
    np.testing.assert_array_equal(loaded.maps, prediction.maps)
    np.testing.assert_array_equal(loaded.probabilities, prediction.probabilities)
    assert loaded.maps.dtype == np.float32
    assert loaded.winner == "c"
    assert [path.name for path in tmp_path.iterdir()] == ["p.npz"]


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 not a zip", b"text"])
def test_what_is_no_prediction(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "p.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=r"p\.npz is not a saved prediction"):
        SlidePrediction.load(path)


def test_another_archive(tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.zeros(3))
    with pytest.raises(SourceError, match="not a saved prediction"):
        SlidePrediction.load(tmp_path / "p.npy")
    np.savez(tmp_path / "p.npz", maps=np.zeros(3))
    with pytest.raises(SourceError, match="not a saved prediction"):
        SlidePrediction.load(tmp_path / "p.npz")
