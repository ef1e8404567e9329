import shutil
from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.engine.sources.ngff_files import noise, write
from wholefield.errors import SourceError
from wholefield.sources import open_image
from wholefield.sources.slides.image import AnyArray


def halves(image: AnyArray) -> AnyArray:
    return image[..., ::2, ::2]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["yx", "cyx", "czyx", "tczyx", "zyx"])
def test_axes_and_versions(tmp_path: Path, version: str, axes: str) -> None:
    lengths = {"t": 2, "c": 3, "z": 4, "y": 61, "x": 47}
    image = noise(*(lengths[letter] for letter in axes))
    path = write(tmp_path / "a.ome.zarr", [image, halves(image)], axes, version)
    at = {"Z": 3, "T": 1}
    with open_image(path, {key: at[key] for key in at if key.lower() in axes}) as source:
        assert (source.format_name, source.width, source.height) == ("OME-Zarr", 47, 61)
        assert source.spacing == pytest.approx((0.5, 0.25))
        for index, level in enumerate((image, halves(image))):
            picked = level[tuple(at.get(letter.upper(), slice(None)) for letter in axes)]
            expected = np.moveaxis(picked, 0, -1) if "c" in axes else picked[..., None]
            size = source.levels[index]
            region = source.read_region(index, -3, 7, size.width, size.height)
            np.testing.assert_array_equal(region[: size.height - 7, 3:], expected[7:, : size.width - 3])


def test_display_settings_of_the_file(tmp_path: Path) -> None:
    channels = [
        {"label": "DAPI", "color": "00FFFF", "window": {"start": 5, "end": 700, "min": 0, "max": 65535}},
        {"color": "nonsense"},
    ]
    path = write(tmp_path / "a.zarr", [noise(2, 30, 40)], "cyx", omero={"channels": channels})
    with open_image(path) as source:
        first, second = source.looks
        assert (first.name, first.color, first.window) == ("DAPI", (0, 255, 255), (5.0, 700.0))
        assert (second.name, second.color, second.window) == ("Channel 2", None, None)


def test_without_a_unit_the_spacing_is_unknown(tmp_path: Path) -> None:
    with open_image(write(tmp_path / "a.zarr", [noise(30, 40)], "yx", unit=None)) as source:
        assert source.spacing is None


def test_zipped_and_in_a_subgroup(tmp_path: Path) -> None:
    image = noise(30, 40)
    folder = write(tmp_path / "a.zarr", [image], "yx", inside="0")
    zipped = Path(shutil.make_archive(str(tmp_path / "a.zarr"), "zip", folder))
    for path in (folder, zipped):
        with open_image(path) as source:
            np.testing.assert_array_equal(source.read_region(0, 0, 0, 40, 30)[..., 0], image)


def test_a_position_outside_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zarr", [noise(3, 30, 40)], "zyx")
    with pytest.raises(SourceError, match="3 positions along axis Z, not 5"):
        open_image(path, {"Z": 5})


def test_zarr_without_an_image_is_refused(tmp_path: Path) -> None:
    zarr.open_group(tmp_path / "a.zarr", mode="w")
    with pytest.raises(SourceError, match="without an OME image"):
        open_image(tmp_path / "a.zarr")


def test_a_plate_is_refused(tmp_path: Path) -> None:
    zarr.open_group(tmp_path / "a.zarr", mode="w", zarr_format=2).attrs["plate"] = {"wells": []}
    with pytest.raises(SourceError, match="plate of many images"):
        open_image(tmp_path / "a.zarr")


def test_a_missing_level_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zarr", [noise(30, 40), noise(15, 20)], "yx")
    shutil.rmtree(path / "1")
    with pytest.raises(SourceError, match="cannot be read as OME-Zarr"):
        open_image(path)


def test_a_damaged_chunk_is_refused_when_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zarr", [noise(30, 40)], "yx", "0.5")
    chunk = path / "0" / "c" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:10])
    with open_image(path) as source, pytest.raises(SourceError, match="is damaged"):
        source.read_region(0, 0, 0, 5, 5)


def test_a_closed_image_says_so(tmp_path: Path) -> None:
    source = open_image(write(tmp_path / "a.zarr", [noise(30, 40)], "yx"))
    source.close()
    with pytest.raises(SourceError, match="has been closed"):
        source.read_region(0, 0, 0, 5, 5)


@pytest.mark.data
def test_real_images(data_folder: Path) -> None:
    folder = data_folder / "slides"
    with (
        open_image(folder / "cmu_crop_v04.ome.zarr") as old,
        open_image(folder / "cmu_crop_v05.ome.zarr") as new,
        open_image(folder / "cardio_B03_mip_v04.zarr") as cells,
    ):
        assert old.is_rgb
        assert old.levels == new.levels
        assert old.spacing == new.spacing == pytest.approx((0.499, 0.499))
        for level in range(3):
            one, other = (source.read_region(level, -5, 9, 131, 117) for source in (old, new))
            np.testing.assert_array_equal(one, other)
        assert (cells.width, cells.height, cells.dtype) == (1280, 1080, np.dtype(np.uint16))
        assert cells.spacing == pytest.approx((0.65, 0.65))
        assert [look.name for look in cells.looks] == ["DAPI", "nanog", "Lamin B1"]
