from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from wholefield.sources import open_image
from wholefield.sources.slides.slide import SlideSource
from wholefield.sources.slides.tiff.source import TiffSource

APERIO = "Aperio Image Library v11.2.1\r\n48x32 [0,0 48x32] (16x16) J2K|AppMag = 40|MPP = 0.2525|Title = a|b"
IMAGE = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)


def write(path: Path, **options: Any) -> Path:
    tifffile.imwrite(path, IMAGE, photometric="rgb", tile=(16, 16), metadata=None, **options)
    return path


def test_aperio_fields(tmp_path: Path) -> None:
    path = write(tmp_path / "a.svs", description=APERIO, compression="jpeg")
    with open_image(path) as source:
        assert isinstance(source, TiffSource)
        assert source.format_name == "Aperio SVS"
        assert source.spacing == pytest.approx((0.2525, 0.2525))
        assert source.metadata == {"AppMag": "40", "MPP": "0.2525", "Title": "a"}


def test_aperio_without_a_pixel_size(tmp_path: Path) -> None:
    description = APERIO.replace("MPP = 0.2525", "MPP = unknown")
    path = write(tmp_path / "a.svs", description=description, resolution=(20000, 20000), resolutionunit=3)
    with open_image(path) as source:
        assert source.spacing is None


@pytest.mark.parametrize(
    ("compression", "reader"), [("APERIO_JP2000_RGB", TiffSource), ("APERIO_JP2000_YCBC", SlideSource)]
)
def test_jpeg_2000_goes_to_the_reader_that_knows_its_colors(
    tmp_path: Path, compression: str, reader: type
) -> None:
    path = tmp_path / "a.svs"
    write(path, description=APERIO, compression="jpeg2000", compressionargs={"level": 0})
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as tiff:
        offset = tiff.pages[0].tags["Compression"].valueoffset
    content[offset : offset + 2] = int(tifffile.COMPRESSION[compression]).to_bytes(2, "little")
    path.write_bytes(content)
    with open_image(path) as source:
        assert isinstance(source, reader)
        assert source.format_name == "Aperio SVS"


def test_names_of_plain_files(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", description="a picture", software="a program", compression="lzw")
    with open_image(path) as source:
        assert source.format_name == "TIFF"
        assert source.metadata == {"description": "a picture", "software": "a program", "compression": "LZW"}
