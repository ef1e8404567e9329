import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings, strategies as st

from wholefield.errors import SourceError
from wholefield.sources import open_image
from wholefield.sources.slides.image import AnyArray
from wholefield.sources.slides.tiff.source import TiffSource, open_tiff

RNG = np.random.default_rng(3)


def noise(*shape: int, dtype: str = "u1") -> AnyArray:
    return (RNG.random(shape) * 250).astype(dtype)


def write(path: Path, data: Any, **options: Any) -> Path:
    tifffile.imwrite(path, data, **options)
    return path


def whole(source: Any, level: int = 0) -> AnyArray:
    size = source.levels[level]
    return source.read_region(level, 0, 0, size.width, size.height)


@pytest.mark.parametrize("compression", [None, "deflate", "lzw", "zstd", "packbits"])
@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "u4", "f4", "f8"])
def test_every_compression_and_type_keeps_its_pixels(tmp_path: Path, compression: str, dtype: str) -> None:
    image = noise(67, 91, dtype=dtype)
    path = write(tmp_path / "a.tif", image, compression=compression, tile=(32, 48))
    with open_image(path) as source:
        assert (source.dtype, source.channels, source.width, source.height) == (image.dtype, 1, 91, 67)
        np.testing.assert_array_equal(whole(source)[..., 0], image)


@pytest.mark.parametrize(
    "options",
    [
        {"rowsperstrip": 7, "compression": "zstd"},
        {"rowsperstrip": 7},
        {"byteorder": ">"},
        {"bigtiff": True, "rowsperstrip": 1},
        {"compression": "deflate", "predictor": True},
        {"tile": (16, 16), "byteorder": ">", "compression": "deflate", "predictor": True},
    ],
)
def test_strips_byte_orders_and_predictors(tmp_path: Path, options: dict[str, Any]) -> None:
    image = noise(61, 37, dtype="u2") * 257
    with open_image(write(tmp_path / "a.tif", image, **options)) as source:
        assert source.dtype.isnative
        np.testing.assert_array_equal(whole(source)[..., 0], image)
        np.testing.assert_array_equal(source.read_region(0, 5, 20, 9, 31)[..., 0], image[20:51, 5:14])


@pytest.mark.parametrize("options", [{}, {"tile": (16, 32)}, {"rowsperstrip": 5, "compression": "deflate"}])
def test_samples_stored_plane_after_plane(tmp_path: Path, options: dict[str, Any]) -> None:
    image = noise(3, 45, 53)
    path = write(tmp_path / "a.tif", image, photometric="rgb", planarconfig="separate", **options)
    with open_image(path) as source:
        assert source.is_rgb
        np.testing.assert_array_equal(whole(source), np.moveaxis(image, 0, -1))


@pytest.mark.parametrize("axes", ["YXS", "SYX", "CYX", "CZYX", "ZCYX", "TCYXS", "ZYX", "TZCYX"])
@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_axes_are_sorted_by_letter(tmp_path: Path, axes: str, tile: tuple[int, int] | None) -> None:
    lengths = {"Y": 33, "X": 41, "C": 2, "S": 3, "Z": 4, "T": 3}
    image = noise(*(lengths[letter] for letter in axes), dtype="u2" if "S" not in axes else "u1")
    options: dict[str, Any] = {"photometric": "rgb" if "S" in axes else "minisblack", "tile": tile}
    if axes == "SYX":
        options["planarconfig"] = "separate"
    path = write(tmp_path / "a.ome.tif", image, ome=True, metadata={"axes": axes}, **options)
    at = {"Z": 2, "T": 1}
    picked = image[tuple(at.get(letter, slice(None)) for letter in axes)]
    kept = "".join(letter for letter in axes if letter not in "ZT")
    order = [kept.index(letter) for letter in "YX"] + [
        kept.index(letter) for letter in kept if letter in "CS"
    ]
    expected = picked.transpose(order).reshape(33, 41, -1)
    with open_image(path, {key: at[key] for key in at if key in axes}) as source:
        assert source.format_name == "OME-TIFF"
        np.testing.assert_array_equal(whole(source), expected)
    with open_image(path) as source:
        assert {key[-1] for key in source.metadata if key.startswith("length of axis")} == set(axes) & set(
            "ZT"
        )


def test_imagej_stack_in_one_piece(tmp_path: Path) -> None:
    image = noise(3, 2, 30, 40, dtype="u2")
    path = write(
        tmp_path / "a.tif", image, imagej=True, metadata={"axes": "ZCYX", "unit": "um"}, resolution=(4.0, 2.0)
    )
    with open_image(path, {"Z": 1}) as source:
        assert source.format_name == "ImageJ TIFF"
        assert source.spacing == pytest.approx((0.5, 0.25))
        np.testing.assert_array_equal(whole(source), np.moveaxis(image[1], 0, -1))


def test_only_the_first_page_of_a_stack_has_a_table(tmp_path: Path) -> None:
    """ImageJ writes stacks above 4 GB so: one page and then the pixels of all planes."""
    image = noise(4, 30, 40, dtype="u2")
    path = write(tmp_path / "a.tif", image, imagej=True, truncate=True, metadata={"axes": "ZYX"})
    with open_image(path, {"Z": 3}) as source:
        np.testing.assert_array_equal(whole(source)[..., 0], image[3])


@pytest.mark.parametrize("subifds", [True, False])
def test_pyramids_of_both_kinds(tmp_path: Path, subifds: bool) -> None:
    levels = [noise(101, 77, 3), noise(51, 39, 3), noise(26, 20, 3)]
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path, ome=subifds) as tiff:
        options: dict[str, Any] = {"photometric": "rgb", "tile": (32, 16), "compression": "deflate"}
        tiff.write(levels[0], subifds=2 if subifds else None, **options)
        for level in levels[1:]:
            tiff.write(level, subfiletype=1, metadata=None, **options)
    with open_image(path) as source:
        assert isinstance(source, TiffSource)
        assert [(level.width, level.height) for level in source.levels] == [(77, 101), (39, 51), (20, 26)]
        for index, pixels in enumerate(levels):
            np.testing.assert_array_equal(whole(source, index), pixels)


@pytest.mark.parametrize(("kind", "premultiplied"), [("unassalpha", False), ("assocalpha", True)])
def test_transparent_pixels_lie_over_white(tmp_path: Path, kind: str, premultiplied: bool) -> None:
    color, opacity = noise(20, 30, 3), noise(20, 30, 1)
    stored = np.minimum(color, opacity) if premultiplied else color
    path = write(
        tmp_path / "a.tif", np.concatenate([stored, opacity], 2), photometric="rgb", extrasamples=[kind]
    )
    share = opacity / 255.0
    expected = np.rint((stored if premultiplied else stored * share) + 255 * (1 - share))
    with open_image(path) as source:
        assert source.is_rgb
        assert np.abs(whole(source) - expected).max() <= 1


def test_palettes_become_colors(tmp_path: Path) -> None:
    numbers = noise(20, 30)
    colors = RNG.integers(0, 2**16, (3, 256)).astype("u2")
    path = write(tmp_path / "a.tif", numbers, photometric="palette", colormap=colors, compression="lzw")
    with open_image(path) as source:
        assert source.is_rgb
        np.testing.assert_array_equal(whole(source), np.moveaxis(colors[:, numbers] >> 8, 0, -1))


def test_white_is_zero_is_inverted(tmp_path: Path) -> None:
    image = noise(20, 30, dtype="u2")
    with open_image(write(tmp_path / "a.tif", image, photometric="miniswhite")) as source:
        np.testing.assert_array_equal(whole(source)[..., 0], 65535 - image)


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_bits_become_black_and_white(tmp_path: Path, photometric: str) -> None:
    bits = noise(20, 30) > 100
    path = write(tmp_path / "a.tif", bits, compression="deflate", photometric=photometric)
    with open_image(path) as source:
        assert source.dtype == np.uint8
        expected = bits if photometric == "minisblack" else ~bits
        np.testing.assert_array_equal(whole(source)[..., 0], expected * 255)


@pytest.mark.parametrize(("compression", "background"), [("deflate", 255), ("zstd", 255), (None, 0)])
def test_left_out_tiles_are_background(tmp_path: Path, compression: str | None, background: int) -> None:
    """Scanners leave out glass and compress; other programs leave out zeros."""
    pixels = noise(32, 32, 3)
    path = write(tmp_path / "a.tif", pixels, tile=(16, 16), photometric="rgb", compression=compression)
    with tifffile.TiffFile(path) as tiff:
        tags = [tiff.pages.first.tags[name] for name in ("TileOffsets", "TileByteCounts")]
        tables = [(tag.valueoffset, tag.dtype, tag.value) for tag in tags]
    content = bytearray(path.read_bytes())
    for at, kind, values in tables:
        code = {3: "H", 4: "I"}[int(kind)]
        left = [0 if number % 2 else value for number, value in enumerate(values)]
        content[at : at + struct.calcsize(code) * 4] = struct.pack(f"<4{code}", *left)
    path.write_bytes(content)
    with open_image(path) as source:
        image = whole(source)
        shown = "white" if background else "0"
        assert source.warnings == (f"a.tif stores nothing for 2 of its 4 tiles; they are shown as {shown}.",)
    np.testing.assert_array_equal(image[:, :16], pixels[:, :16])
    assert (image[:, 16:] == background).all()


def test_left_out_tiles_are_what_the_file_says(tmp_path: Path) -> None:
    """Tag 42113 is that of GDAL."""
    tiles = [noise(16, 16, 3), None]
    path = tmp_path / "a.tif"
    extra = [(42113, "s", 0, "7", True)]
    tifffile.imwrite(
        path, iter(tiles), shape=(16, 32, 3), dtype="u1", tile=(16, 16), photometric="rgb", extratags=extra
    )
    with open_image(path) as source:
        assert (whole(source)[:, 16:] == 7).all()


@pytest.mark.parametrize(
    ("unit", "per_unit", "expected"),
    [
        ("CENTIMETER", 20000, 0.5),
        ("INCH", 25400 * 4, 0.25),
        ("INCH", 72, None),
        ("NONE", 20000, None),
    ],
)
def test_resolution_as_spacing(tmp_path: Path, unit: str, per_unit: float, expected: float | None) -> None:
    path = write(tmp_path / "a.tif", noise(9, 8), resolution=(per_unit, per_unit * 2), resolutionunit=unit)
    with open_image(path) as source:
        wanted = None if expected is None else pytest.approx((expected / 2, expected))
        assert source.spacing == wanted


def test_ome_spacing_and_channels(tmp_path: Path) -> None:
    metadata = {
        "axes": "CYX",
        "PhysicalSizeX": 650,
        "PhysicalSizeXUnit": "nm",
        "PhysicalSizeY": 0.0007,
        "PhysicalSizeYUnit": "mm",
        "Channel": {"Name": ["DAPI", "actin"]},
    }
    path = write(tmp_path / "a.ome.tif", noise(2, 9, 8, dtype="u2"), ome=True, metadata=metadata)
    with open_image(path) as source:
        assert source.spacing == pytest.approx((0.7, 0.65))
        assert [look.name for look in source.looks] == ["DAPI", "actin"]


def test_a_position_outside_the_stack_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(3, 9, 8), metadata={"axes": "ZYX"}, photometric="minisblack")
    with pytest.raises(SourceError, match="axis Z has positions 0 to 2, not 9"):
        open_tiff(path, at={"Z": 9})


def test_complex_pixels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="pixels of type complex64"):
        open_image(write(tmp_path / "a.tif", np.zeros((8, 8), "c8")))


def test_damaged_tiles_are_refused_when_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(64, 64), tile=(32, 32), compression="zstd")
    with tifffile.TiffFile(path) as tiff:
        offset = tiff.pages[0].dataoffsets[2]
    data = bytearray(path.read_bytes())
    data[offset : offset + 40] = bytes(40)
    path.write_bytes(data)
    with open_image(path) as source:
        source.read_region(0, 0, 0, 64, 32)
        with pytest.raises(SourceError, match="row 1, column 0 cannot be decoded"):
            source.read_region(0, 0, 0, 64, 64)


def test_a_closed_file_says_so(tmp_path: Path) -> None:
    source = open_image(write(tmp_path / "a.tif", noise(64, 64)))
    source.close()
    source.close()
    with pytest.raises(SourceError, match="has been closed"):
        source.read_region(0, 0, 0, 4, 4)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_cut_off_files_are_refused_or_right(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    image = np.arange(40 * 56 * 3, dtype=np.uint32).reshape(40, 56, 3).astype(np.uint8)
    tile = data.draw(st.sampled_from([None, (16, 16)]))
    compression = data.draw(st.sampled_from([None, "deflate", "jpeg", "zstd"]))
    path = tmp_path_factory.mktemp("cut") / "a.tif"
    with tifffile.TiffWriter(path) as tiff:
        options: dict[str, Any] = {"photometric": "rgb", "tile": tile, "compression": compression}
        tiff.write(image, subifds=1, **options)
        tiff.write(image[::2, ::2], subfiletype=1, **options)
    with open_image(path) as source:
        right = [whole(source, level) for level in range(len(source.levels))]
    content = path.read_bytes()
    path.write_bytes(content[: data.draw(st.integers(1, len(content) - 1))])
    refused = str(path)
    try:
        with open_image(path) as source:
            for level in range(len(source.levels)):
                np.testing.assert_array_equal(whole(source, level), right[level])
    except SourceError as error:
        refused = str(error)
    assert str(path) in refused


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_flipped_bytes_never_crash(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.mktemp("flip") / "a.tif"
    tifffile.imwrite(path, np.zeros((24, 40), np.uint8), tile=(16, 16), compression="deflate")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    refused = str(path)
    try:
        with open_image(path) as source:
            source.read_region(0, 0, 0, min(source.width, 64), min(source.height, 64))
    except SourceError as error:
        refused = str(error)
    assert str(path) in refused


def test_the_largest_image_counts_and_not_an_overview_before_it(tmp_path: Path) -> None:
    overview, image = noise(20, 30, 3), noise(90, 70, 3)
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tiff:
        tiff.write(overview, photometric="rgb", metadata=None)
        tiff.write(image, photometric="rgb", metadata=None)
    with open_image(path) as source:
        np.testing.assert_array_equal(whole(source), image)
