"""What cannot be opened is refused with a sentence that names the file and the next step."""

import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import tifffile

from wholefield.errors import SourceError
from wholefield.export.pyramid import PyramidSettings, write_pyramid
from wholefield.sources import Kind, open_image, suffixes_of


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        open_image(path)
    text = str(caught.value)
    assert path.name in text
    assert text.endswith(".")
    assert "\n" not in text
    return text


def test_missing(tmp_path: Path) -> None:
    assert "does not exist; check the name" in refusal(tmp_path / "a.svs")


def test_inside_a_file(tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"x")
    assert "cannot be read" in refusal(tmp_path / "b" / "a.svs")


@pytest.mark.parametrize("name", ["a.svs", "a.tif", "a.png", "a.zip"])
def test_empty(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    assert "is empty; copy it again" in refusal(tmp_path / name)


@pytest.mark.parametrize("name", [f"a{suffix}" for suffix in suffixes_of(Kind.IMAGE)])
def test_words_under_the_name_of_an_image(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("These are words and no picture at all.\n" * 40)
    sentence = refusal(tmp_path / name)
    assert "does not begin like it; it is damaged" in sentence or "cannot be read as a slide" in sentence


@pytest.mark.parametrize("name", ["a.txt", "a"])
def test_not_an_image(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("These are words and no picture at all.\n" * 40)
    assert "is of no format that can be opened as a slide or picture; known files end in" in refusal(
        tmp_path / name
    )


def test_folder_without_a_slide(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("words")
    (tmp_path / "no.dcm").write_text("words")
    assert "folder without a slide; open one of the files" in refusal(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes to take away")
def test_without_permission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.svs"
    path.write_bytes(b"II*\0")
    path.chmod(0)
    if os.access(path, os.R_OK):  # root may read everything

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "open", refuse)
    assert "cannot be read: permission denied; ask its owner" in refusal(path)


@pytest.mark.parametrize("size", [1, 4, 8, 15, 16, 100, 5_000, 40_000])
def test_cut_off(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.tif"
    pixels = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    write_pyramid(path, pixels, None, PyramidSettings(tile_size=64))
    os.truncate(path, size)
    refusal(path)


def test_cut_off_in_the_tiles_says_how_much_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((64, 64), np.uint8), tile=(16, 16))
    os.truncate(path, path.stat().st_size - 300)
    assert "is cut off: 300 bytes are missing at its end; copy it again" in refusal(path)


@pytest.mark.data
@pytest.mark.parametrize(
    "name", ["CMU-1-Small-Region.svs", "cmu_mini.ndpi", "cmu_mini.ome.tif", "dicomwsi/level0.dcm"]
)
@pytest.mark.parametrize("share", [0.001, 0.3, 0.9])
def test_cut_off_slides_are_refused_or_right(
    data_folder: Path, tmp_path: Path, name: str, share: float
) -> None:
    """The last tenth of the SVS holds only its label and overview, so that the slide itself is whole."""
    whole = data_folder / "slides" / name
    path = tmp_path / Path(name).name
    shutil.copyfile(whole, path)
    path.chmod(0o600)
    os.truncate(path, int(path.stat().st_size * share))
    refused = ""
    try:
        with open_image(path) as cut, open_image(whole) as source:
            pixels = cut.read_region(0, 0, 0, cut.width, cut.height)
            np.testing.assert_array_equal(pixels, source.read_region(0, 0, 0, source.width, source.height))
    except SourceError as error:
        refused = str(error)
    assert path.name in refused or (name.endswith(".svs") and share == 0.9)


@pytest.mark.data
def test_what_belongs_to_other_workspaces_is_refused(data_folder: Path) -> None:
    for name in ("stacks/tooth.h5", "stacks/formats/vol.nii.gz", "stacks/dicom_head_ge/06.dcm"):
        assert "is a stack (" in refusal(data_folder / name)


def test_content_decides_and_not_the_suffix(tmp_path: Path) -> None:
    path = tmp_path / "a.svs"
    tifffile.imwrite(tmp_path / "a.tif", np.full((9, 8), 7, np.uint8))
    (tmp_path / "a.tif").rename(path)
    with open_image(str(path)) as source:
        assert source.format_name == "TIFF"
        assert (source.read_region(0, 0, 0, 8, 9) == 7).all()


def test_many_threads_read_the_same_pixels(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (611, 707, 3), np.uint8)
    write_pyramid(tmp_path / "a.tif", pixels, None, PyramidSettings(tile_size=64))
    wrong: list[tuple[int, int]] = []
    with open_image(tmp_path / "a.tif") as source:

        def read(seed: int) -> None:
            for x, y in np.random.default_rng(seed).integers(0, 500, (60, 2)).tolist():
                if not np.array_equal(source.read_region(0, x, y, 90, 70), pixels[y : y + 70, x : x + 90]):
                    wrong.append((x, y))

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong
