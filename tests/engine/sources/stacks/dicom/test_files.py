"""Which files of a folder are looked at, and how often."""

from pathlib import Path

import numpy as np
import pytest

from tests.engine.sources.stacks.dicom.dicom_files import dataset, saved, write_series
from wholefield.sources.stacks.dicom import files
from wholefield.sources.stacks.dicom.headers import DicomFile, read_header


def plane() -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    return np.zeros((3, 4), np.int16)


def test_files_are_in_natural_order_and_hidden_ones_are_none(tmp_path: Path) -> None:
    for name in ("IM10", "IM2", "b/IM1", "a/c/IM3", ".IM4", ".hidden/IM5"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found, complete = files.files_below(tmp_path)
    assert [str(path.relative_to(tmp_path)) for path in found] == ["a/c/IM3", "b/IM1", "IM2", "IM10"]
    assert complete
    assert files.files_below(tmp_path, nested=False)[0] == [tmp_path / "IM2", tmp_path / "IM10"]


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "a" / "IM1").touch()
    assert files.files_below(tmp_path)[0] == [tmp_path / "a" / "IM1"]


def test_the_search_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path.joinpath(*"abcdefghijklmnop")
    deep.mkdir(parents=True)
    (deep / "IM1").touch()
    assert files.files_below(tmp_path) == ([], False)
    monkeypatch.setattr(files, "MOST_FILES", 2)
    for index in range(5):
        (tmp_path / f"IM{index}").touch()
    found, complete = files.files_below(tmp_path)
    assert (len(found), complete) == (2, False)


def test_headers_are_read_again_only_where_files_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_series(tmp_path, np.zeros((4, 3, 4), np.int16))
    paths, _complete = files.files_below(tmp_path)
    read: list[Path] = []

    def counted(path: Path) -> DicomFile:
        read.append(path)
        return read_header(path)

    monkeypatch.setattr(files, "read_header", counted)
    first = files.read_headers(paths)
    assert files.read_headers(paths) == first
    assert sorted(read) == sorted(paths)
    saved(dataset(plane(), SeriesDescription="another"), paths[2])
    changed, _refused, _reason = files.read_headers(paths)
    assert changed[2].texts["SeriesDescription"] == "another"


def test_what_is_not_dicom_is_passed_over_and_what_is_broken_is_told(tmp_path: Path) -> None:
    good = saved(dataset(plane()), tmp_path / "good")
    (tmp_path / "text").write_text("no DICOM")
    (tmp_path / "broken").write_bytes(good.read_bytes()[:-5])
    (tmp_path / "empty").touch()
    found, refused, reason = files.read_headers([*tmp_path.iterdir(), tmp_path / "gone"])
    assert [file.path.name for file in found if file.slices] == ["good"]
    assert refused == [tmp_path / "broken"]
    assert "broken is damaged" in reason
