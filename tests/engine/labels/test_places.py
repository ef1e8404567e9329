"""Where labels are kept."""

from pathlib import Path

import pytest

from wholefield.labels.places import SHAPES, labels_beside


def test_beside_the_image(tmp_path: Path) -> None:
    assert labels_beside(tmp_path / "a.svs", SHAPES, tmp_path / "x") == tmp_path / "a.svs.labels.geojson"


def test_elsewhere_where_nothing_can_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    away = labels_beside(tmp_path / "a.svs", SHAPES, tmp_path / "x")
    other = labels_beside(tmp_path / "b/a.svs", SHAPES, tmp_path / "x")
    assert away.parent == tmp_path / "x"
    assert away.name.startswith("a.svs.")
    assert away != other
    (tmp_path / "a.svs.labels.geojson").touch()
    assert labels_beside(tmp_path / "a.svs", SHAPES, tmp_path / "x") == tmp_path / "a.svs.labels.geojson"


def test_what_was_kept_elsewhere_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("os.access", lambda path, mode: False)
        away = labels_beside(tmp_path / "a.svs", SHAPES, tmp_path)
    away.touch()
    assert labels_beside(tmp_path / "a.svs", SHAPES, tmp_path) == away
