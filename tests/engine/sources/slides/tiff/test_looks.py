"""Names, colors and lookup tables of channels as microscopes and programs write them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from wholefield.sources import default_display, open_image, to_display

QPI = (
    '<?xml version="1.0" encoding="utf-16"?><PerkinElmer-QPI-ImageDescription><DescriptionVersion>2'
    "</DescriptionVersion><ImageType>{kind}</ImageType>{more}</PerkinElmer-QPI-ImageDescription>"
)
DYES = (
    "<Name>DAPI</Name><Color>0,0,255</Color>",
    "<Name>Opal 570</Name><Biomarker>CD8</Biomarker><Color>255, 128, 0</Color>",
    "<Name>AF</Name>",
)


def noise(*shape: int, dtype: str = "u1") -> Any:
    return np.random.default_rng(5).integers(0, 250, shape).astype(dtype)


def qptiff(path: Path) -> tuple[Any, Any]:
    channels, thumbnail = noise(3, 64, 96), noise(20, 30, 3)
    options: dict[str, Any] = {"metadata": None, "software": "PerkinElmer-QPI", "tile": (16, 16)}
    with tifffile.TiffWriter(path) as tiff:
        for step in (1, 2):
            kind = "FullResolution" if step == 1 else "ReducedResolution"
            for plane, dye in zip(channels, DYES, strict=True):
                text = QPI.format(kind=kind, more=dye)
                scale = {"resolution": (20000 / step, 20000 / step), "resolutionunit": 3}
                tiff.write(
                    plane[::step, ::step], photometric="minisblack", description=text, **scale, **options
                )
            if step == 1:
                text = QPI.format(kind="Thumbnail", more="")
                tiff.write(
                    thumbnail, photometric="rgb", description=text, metadata=None, software="PerkinElmer-QPI"
                )
    return channels, thumbnail


def test_names_and_colors_of_qptiff(tmp_path: Path) -> None:
    path = tmp_path / "a.qptiff"
    channels, thumbnail = qptiff(path)
    with open_image(path) as source:
        assert [look.name for look in source.looks] == ["DAPI", "CD8 (Opal 570)", "AF"]
        assert [look.color for look in source.looks] == [(0, 0, 255), (255, 128, 0), None]
        assert source.spacing == pytest.approx((0.5, 0.5))
        assert len(source.levels) == 2
        np.testing.assert_array_equal(source.read_region(0, 0, 0, 96, 64), channels.transpose(1, 2, 0))
        np.testing.assert_array_equal(
            source.read_region(1, 0, 0, 48, 32), channels[:, ::2, ::2].transpose(1, 2, 0)
        )
        assert list(source.associated) == ["thumbnail"]
        np.testing.assert_array_equal(source.associated["thumbnail"], thumbnail)


def test_colors_of_ome(tmp_path: Path) -> None:
    path = tmp_path / "a.ome.tif"
    channel = {"Name": ["nuclei", "actin"], "Color": [0x0000FFFF, -16776961]}
    tifffile.imwrite(path, noise(2, 20, 30, dtype="u2"), metadata={"axes": "CYX", "Channel": channel})
    with open_image(path) as source:
        assert [(look.name, look.color) for look in source.looks] == [
            ("nuclei", (0, 0, 255)),
            ("actin", (255, 0, 0)),
        ]


@pytest.mark.parametrize("photometric", ["minisblack"])
def test_lookup_tables_and_ranges_of_imagej(tmp_path: Path, photometric: str) -> None:
    path = tmp_path / "a.tif"
    ramp = np.arange(256, dtype=np.uint8)
    green = np.stack([ramp * 0, ramp, ramp * 0])
    fire = np.stack([ramp, ramp[::-1], np.minimum(ramp, 90)])
    image = noise(2, 20, 30, dtype="u2") * 16
    metadata = {
        "axes": "CYX",
        "mode": "composite",
        "Ranges": (100.0, 3000.0, 0.0, 2550.0),
        "LUTs": [green, fire],
    }
    tifffile.imwrite(path, image, imagej=True, photometric=photometric, metadata=metadata)
    with open_image(path) as source:
        first, second = source.looks
        assert (first.color, first.window, first.palette) == ((0, 255, 0), (100.0, 3000.0), None)
        assert second.window == (0.0, 2550.0)
        assert second.palette == tuple(map(tuple, fire.T.tolist()))
        settings = default_display(source)
    assert settings is not None
    only = to_display(image.transpose(1, 2, 0)[..., 1:], settings[1:])
    index = np.rint(np.clip(image[1] / 2550, 0, 1) * 255).astype(int)
    np.testing.assert_array_equal(only, fire.T[index])
