from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from wholefield.errors import SourceError
from wholefield.export.pyramid import Layout, PyramidSettings, write_pyramid
from wholefield.sources import (
    ImageSource,
    Kind,
    Reading,
    StackSource,
    UnclearFileError,
    kind_of,
    open_image,
    open_source,
    open_stack,
)
from wholefield.sources.stacks.stack import AnyArray


def noise(*shape: int, dtype: str = "u2") -> AnyArray:
    return (np.random.default_rng(9).random(shape) * 250).astype(dtype)


def write(path: Path, pixels: AnyArray, **options: Any) -> Path:
    tifffile.imwrite(path, pixels, **({"photometric": "minisblack"} | options))
    return path


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"metadata": None},
        {"imagej": True, "metadata": {"axes": "ZYX"}},
        {"imagej": True, "truncate": True, "metadata": {"axes": "TYX"}},
        {"bigtiff": True, "compression": "zstd", "rowsperstrip": 5},
        {"byteorder": ">", "compression": "deflate", "predictor": True, "tile": (16, 16)},
        {"ome": True, "metadata": {"axes": "ZYX"}},
        {"ome": True, "metadata": {"axes": "TYX"}},
        {"metadata": {"axes": "QYX"}, "tile": (32, 16)},
    ],
)
def test_pages_become_planes(tmp_path: Path, options: dict[str, Any]) -> None:
    voxels = noise(5, 43, 51)
    path = write(tmp_path / "a.tif", voxels, **options)
    assert kind_of(path) is Kind.STACK
    with open_stack(path) as stack:
        assert stack.shape == (5, 43, 51)
        assert stack.dtype.isnative
        assert stack.format_name.endswith("TIFF stack")
        np.testing.assert_array_equal(
            stack.read(slice(1, 4), slice(10, 40), slice(13, 50)), voxels[1:4, 10:40, 13:50]
        )
        np.testing.assert_array_equal(stack.read(), voxels)
        assert stack.warnings == ()


@pytest.mark.parametrize(("axes", "channels"), [("ZCYX", 2), ("CZYX", 2), ("ZYXS", 3), ("TZCYX", 2)])
def test_channels_come_last(tmp_path: Path, axes: str, channels: int) -> None:
    lengths = {"T": 3, "Z": 4, "C": 2, "Y": 21, "X": 33, "S": 3}
    voxels = noise(*(lengths[letter] for letter in axes), dtype="u1")
    photometric = "rgb" if "S" in axes else "minisblack"
    path = write(tmp_path / "a.tif", voxels, ome=True, metadata={"axes": axes}, photometric=photometric)
    kept = axes.replace("T", "")
    expected = (voxels[0] if "T" in axes else voxels).transpose(
        [kept.index(letter) for letter in ("ZYXC" if "C" in axes else "ZYXS")]
    )
    with open_stack(path) as stack:
        assert (stack.shape, stack.channels) == ((4, 21, 33), channels)
        np.testing.assert_array_equal(stack.read(), expected)
        np.testing.assert_array_equal(stack.plane(2, 5), expected[:, :, 5])
        assert bool(stack.warnings) == ("T" in axes)
        assert all("holds 3 times; the first is read" in warning for warning in stack.warnings)
        assert stack.times == (3 if "T" in axes else 1)
        with stack.at_time(stack.times - 1) as last:
            every = voxels[-1] if "T" in axes else voxels
            order = [kept.index(letter) for letter in ("ZYXC" if "C" in axes else "ZYXS")]
            np.testing.assert_array_equal(last.read(), every.transpose(order))


def test_pixels_are_read_where_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wholefield.sources.slides.tiff.plane import TiffPlane

    path = write(tmp_path / "a.tif", noise(6, 64, 64), tile=(16, 16), compression="deflate")
    decoded: list[tuple[int, int]] = []
    plain = TiffPlane.decode

    def decode(self: TiffPlane, row: int, column: int) -> AnyArray:
        decoded.append((row, column))
        return plain(self, row, column)

    monkeypatch.setattr(TiffPlane, "decode", decode)
    with open_stack(path) as stack:
        stack.read(slice(2, 4), slice(20, 30), slice(30, 40))
        assert decoded == [(1, 1), (1, 2)] * 2
        stack.read(slice(2, 4), slice(20, 30), slice(30, 40))
        assert len(decoded) == 4


@pytest.mark.parametrize(
    ("options", "spacing", "unit"),
    [
        (
            {
                "imagej": True,
                "resolution": (4.0, 2.0),
                "metadata": {"axes": "ZYX", "spacing": 3.0, "unit": "um"},
            },
            (3.0, 0.5, 0.25),
            "um",
        ),
        (
            {
                "imagej": True,
                "resolution": (4.0, 2.0),
                "metadata": {"axes": "ZYX", "spacing": 3.0, "unit": "\\u00B5m"},
            },
            (3.0, 0.5, 0.25),
            "um",
        ),
        (
            {
                "imagej": True,
                "resolution": (4.0, 2.0),
                "metadata": {"axes": "ZYX", "spacing": 0.3, "unit": "mm"},
            },
            (300.0, 500.0, 250.0),
            "um",
        ),
        (
            {"imagej": True, "resolution": (1, 1), "metadata": {"axes": "ZYX", "spacing": 2.5}},
            (2.5, 1, 1),
            "",
        ),
        ({"imagej": True, "metadata": {"axes": "ZYX"}}, None, ""),
        ({"resolution": (4.0, 2.0), "resolutionunit": "CENTIMETER"}, None, ""),
        (
            {
                "ome": True,
                "metadata": {
                    "axes": "ZYX",
                    "PhysicalSizeZ": 2.0,
                    "PhysicalSizeY": 0.5,
                    "PhysicalSizeX": 250.0,
                    "PhysicalSizeXUnit": "nm",
                },
            },
            (2.0, 0.5, 0.25),
            "um",
        ),
        ({"ome": True, "metadata": {"axes": "ZYX", "PhysicalSizeY": 0.5, "PhysicalSizeX": 0.5}}, None, ""),
    ],
)
def test_spacing(
    tmp_path: Path, options: dict[str, Any], spacing: tuple[float, ...] | None, unit: str
) -> None:
    with open_stack(write(tmp_path / "a.tif", noise(3, 20, 30), **options)) as stack:
        assert stack.geometry.spacing == (spacing and pytest.approx(spacing))
        assert stack.geometry.unit == unit


def test_a_slide_stays_an_image(tmp_path: Path) -> None:
    for name, layout in (("classic.tif", Layout.CLASSIC), ("ome.tif", Layout.OME)):
        pixels = noise(300, 400, 3, dtype="u1")
        write_pyramid(
            tmp_path / name, pixels, None, PyramidSettings(tile_size=64, layout=layout, coarsest=128)
        )
        assert kind_of(tmp_path / name) is Kind.IMAGE
    with pytest.raises(SourceError, match="is a pyramid, not a stack; open it as a slide"):
        open_stack(tmp_path / "ome.tif")
    assert kind_of(write(tmp_path / "one.tif", noise(30, 40))) is Kind.IMAGE


def test_pages_of_different_sizes_are_no_stack(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for side in (60, 30, 20):
            tiff.write(noise(side, side), photometric="minisblack", metadata=None)
    assert kind_of(tmp_path / "a.tif") is Kind.IMAGE


def test_open_source_follows_the_kind(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(3, 20, 30))
    with open_source(path) as stack:
        assert isinstance(stack, StackSource)
    with open_image(path, {"I": 2}) as image:
        assert isinstance(image, ImageSource)
    with open_source(write(tmp_path / "b.tif", noise(20, 30))) as image:
        assert isinstance(image, ImageSource)


def test_a_single_page_is_a_stack_of_one(tmp_path: Path) -> None:
    with open_stack(write(tmp_path / "a.tif", noise(20, 30))) as stack:
        np.testing.assert_array_equal(stack.read(), noise(20, 30)[None])


def test_pages_in_several_files_are_refused(tmp_path: Path) -> None:
    """OME lets a stack spread over files; reading them at the places of the first would give nonsense."""
    for z in range(2):
        blocks = "".join(
            f'<TiffData FirstZ="{k}" IFD="0" PlaneCount="1">'
            f'<UUID FileName="z{k}.ome.tif">urn:uuid:{k}</UUID></TiffData>'
            for k in range(2)
        )
        xml = (
            f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:{z}"><Image ID="Image:0">'
            '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="30" SizeY="20" SizeZ="2" SizeC="1" '
            f'SizeT="1"><Channel ID="Channel:0" SamplesPerPixel="1"/>{blocks}</Pixels></Image></OME>'
        )
        write(tmp_path / f"z{z}.ome.tif", noise(20, 30), description=xml, metadata=None)
    with pytest.raises(SourceError, match="has its pages in several files"):
        open_stack(tmp_path / "z0.ome.tif").read()


def test_pages_with_pyramids_of_their_own_are_no_stack(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        for _ in range(2):
            tiff.write(noise(60, 60), photometric="minisblack", metadata=None, subifds=1)
            tiff.write(noise(30, 30), photometric="minisblack", metadata=None, subfiletype=1)
    assert kind_of(tmp_path / "a.tif") is Kind.IMAGE


def test_a_thousand_pages_open_at_once(tmp_path: Path) -> None:
    voxels = noise(1200, 6, 7)
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as tiff:
        for plane in voxels:
            tiff.write(plane, photometric="minisblack", metadata=None, contiguous=False)
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.plane(1, 3), voxels[:, 3])


@pytest.mark.data
def test_real_slides_stay_images(data_folder: Path) -> None:
    folder = data_folder / "slides"
    names = ["CMU-1-Small-Region.svs", "cmu_mini.ndpi", "cmu_mini.ome.tif", "cmu_mini_pyramid.tif"]
    assert {kind_of(folder / name) for name in names} == {Kind.IMAGE}


def test_axes_that_a_tiff_cannot_have(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", noise(2, 5, 40, 30))
    for letters, said in (("zyxc", "keeps rows and columns in pages"), ("tzyy", "does not name")):
        with pytest.raises(SourceError, match=said):
            open_stack(path, reading=Reading({"axes": letters}))


@pytest.mark.parametrize("shape", [(2, 5, 40, 30), (2, 3, 5, 40, 30)])
def test_axes_without_names_are_asked_for(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """What `tifffile.imwrite` makes of an array of four or five axes."""
    voxels = noise(*shape)
    path = write(tmp_path / "a.tif", voxels)
    assert kind_of(path) is Kind.STACK
    with pytest.raises(UnclearFileError, match="for example axes=") as caught:
        open_stack(path)
    for answer in caught.value.questions[0].answers:
        letters = answer.value
        order = [letters.index(letter) for letter in "tzyxc" if letter in letters]
        expected = voxels.transpose(order)
        with open_stack(path, reading=Reading({"axes": letters})) as stack:
            for time in range(stack.times):
                with stack.at_time(time) as other:
                    values = expected[time] if "t" in letters else expected
                    np.testing.assert_array_equal(other.read().reshape(values.shape), values)


@pytest.mark.parametrize("axes", ["TZCYX", "TZYX", "ZCYX", "TCYX"])
@pytest.mark.parametrize("kind", ["imagej", "ome"])
def test_hyperstacks(tmp_path: Path, axes: str, kind: str) -> None:
    lengths = {"T": 2, "Z": 3, "C": 2, "Y": 21, "X": 33}
    voxels = noise(*(lengths[letter] for letter in axes))
    path = write(tmp_path / "a.tif", voxels, metadata={"axes": axes}, **{kind: True})
    with open_stack(path) as stack:
        depth = "Z" if "Z" in axes else "T"
        times = 2 if "T" in axes and depth == "Z" else 1
        assert (stack.shape[0], stack.times, stack.channels) == (
            lengths[depth],
            times,
            2 if "C" in axes else 1,
        )
        with stack.at_time(times - 1) as last:
            values = voxels[-1] if times > 1 else voxels
            np.testing.assert_array_equal(last.read(), np.moveaxis(values, 1, -1) if "C" in axes else values)


@pytest.mark.parametrize("dtype", ["u1", "u2", "?"])
def test_low_values_that_are_shown_bright_keep_their_numbers(tmp_path: Path, dtype: str) -> None:
    voxels = noise(3, 16, 24, dtype="u1") > 99 if dtype == "?" else noise(3, 16, 24, dtype=dtype)
    path = write(tmp_path / "a.tif", voxels, photometric="miniswhite", metadata=None)
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.read(), voxels)
        assert stack.inverted
        assert any("MINISWHITE" in warning for warning in stack.warnings)


def test_a_palette_keeps_its_numbers_unless_colors_are_asked_for(tmp_path: Path) -> None:
    voxels = noise(3, 16, 24, dtype="u1")
    table = np.random.default_rng(2).integers(0, 256, (3, 256)).astype("u2") * 257
    path = write(tmp_path / "a.tif", voxels, photometric="palette", colormap=table, metadata=None)
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.read(), voxels)
        assert any("palette=colors" in warning for warning in stack.warnings)
        assert not stack.inverted
    with open_stack(path, reading="palette=colors") as stack:
        np.testing.assert_array_equal(stack.read(), np.moveaxis(table[:, voxels] // 257, 0, -1))


def test_pages_that_want_to_be_turned_are_told(tmp_path: Path) -> None:
    voxels = noise(3, 16, 24)
    path = write(tmp_path / "a.tif", voxels, metadata=None, extratags=[(274, "H", 1, 6, True)])
    with open_stack(path) as stack:
        np.testing.assert_array_equal(stack.read(), voxels)
        assert any("orientation 6" in warning for warning in stack.warnings)


def test_pages_of_another_size_are_told(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for index in range(6):
            file.write(noise(16, 24)[: 12 if index in (2, 4) else 16], metadata=None)
    with open_stack(tmp_path / "a.tif") as stack:
        assert stack.shape == (4, 16, 24)
        assert any("number 3, 5, counted from 1" in warning for warning in stack.warnings)
