"""wholefield inspect: the table, what the pass costs, the suggestion, and one sentence for every mistake."""

import contextlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, strategies as st

from wholefield.cli import main
from wholefield.cli.inspect import parse_bytes, parse_size
from wholefield.errors import SettingError
from wholefield.tasks.slides.inspection import inspect_network
from wholefield.tasks.slides.layer_rows import HEADINGS, LayerChoice

SMALL = ["inspect", "--model=small_cnn"]


@pytest.fixture
def slide(tmp_path: Path) -> Path:
    path = tmp_path / "slide.tif"
    image = np.zeros((300, 400, 3), np.uint8)
    with tifffile.TiffWriter(path) as writer:
        options = {"photometric": "rgb", "tile": (128, 128)}
        writer.write(image, subifds=1, **options)
        writer.write(image[::2, ::2], subfiletype=1, **options)
    return path


def test_the_table_has_a_line_for_each_layer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--size=400x300", "--tile-size=128"]) == 0
    lines = capsys.readouterr().out.splitlines()
    inspection = inspect_network("small_cnn", (300, 400), 128)
    table = lines[: lines.index("")]
    assert len(table) == len(inspection.rows) + 2
    assert all(heading in lines[0] for heading in HEADINGS)
    for line, row in zip(table[2:], inspection.rows, strict=True):
        assert line.split() == " ".join(row.cells()).split()
    for name, value in inspection.readouts():
        assert f"{name + ':':<24} {value}" in lines


@pytest.mark.parametrize("choice", LayerChoice)
def test_the_layers_are_chosen(choice: LayerChoice, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--size=400x300", "--tile-size=128", f"--layers={choice}"]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = inspect_network("small_cnn", (300, 400), 128).rows_of(choice)
    assert [line.split()[0] for line in lines[2 : lines.index("")]] == [row.layer for row in listed]


@pytest.mark.parametrize(("level", "size"), [("0", "400 x 300"), ("1", "200 x 150")])
def test_the_size_of_a_slide(slide: Path, level: str, size: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, f"--slide={slide}", f"--level={level}"]) == 0
    assert f"{size} px" in capsys.readouterr().out


def test_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--size=4000x4000", "--memory=60MB", "--for=inference"]) == 0
    out = capsys.readouterr().out
    assert "Suggested tile size:" in out
    assert "at the same time, for inference within 60MB" in out


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        ([], "One of the arguments --size --slide is required"),
        (["--size=4096"], "--size is '4096' but must be width and height"),
        (["--size=0x9"], "The image is 0 x 9 pixels"),
        (["--size=9x9", "--tile-size=0"], "tile_size is 0"),
        (["--size=9x9", "--tile-size=x"], "--tile-size is 'x'"),
        (["--size=9x9", "--memory=4"], "--memory is '4'"),
        (["--size=9x9", "--memory=1KB"], "No tile size fits into 1 kB"),
        (["--size=9x9", "--for=fun"], "choose from 'training', 'inference'"),
        (["--slide=absent.svs"], "absent.svs does not exist"),
        (["--size=9x9", "--model=vgg"], "The setting model is 'vgg'"),
    ],
)
def test_a_mistake_is_one_sentence(
    argv: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SMALL, *argv]) == (1 if argv == ["--slide=absent.svs"] else 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_a_level_that_is_not_there(slide: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, f"--slide={slide}", "--level=2"]) == 2
    assert "slide.tif has levels 0 to 1; the setting level cannot be 2" in capsys.readouterr().err


@given(width=st.integers(0, 10**6), height=st.integers(0, 10**6), cross=st.sampled_from("xX×"))
def test_a_size_comes_back(width: int, height: int, cross: str) -> None:
    assert parse_size(f" {width}{cross} {height}") == (height, width)


@given(number=st.integers(0, 10**6), unit=st.sampled_from(["B", "kB", "MB", "GB", "TB"]))
def test_decimal_units(number: int, unit: str) -> None:
    power = ["B", "kB", "MB", "GB", "TB"].index(unit)
    assert parse_bytes(f"{number} {unit}") == parse_bytes(f"{number}{unit.lower()}") == number * 1000**power


@pytest.mark.parametrize(("text", "number"), [("1.5GiB", 3 * 2**29), ("2 ki", 2048), ("4g", 4 * 10**9)])
def test_other_ways_to_write_bytes(text: str, number: int) -> None:
    assert parse_bytes(text) == number


@given(st.text(alphabet="0123456789.xkMGiB \n²", max_size=6))
def test_a_text_is_read_or_refused_in_words(text: str) -> None:
    for parse in (parse_size, parse_bytes):
        with contextlib.suppress(SettingError):
            parse(text)


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "1.GB", "1e3MB", "4", "²MB"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="must be a number with a unit"):
        parse_bytes(text)


def test_the_u_net_of_a_segmentation(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["inspect", "--task=segment", "--width=8", "--depth=2", "--size=300x200", "--tile-size=64"]) == 0
    )
    shown = capsys.readouterr().out
    assert "300 x 200" in shown
    assert "Overlapping tiles, exact gradients:" in shown


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--size=9x9"], "Give --model for the task classify"),
        (["--size=9x9", "--model=small_cnn", "--width=3"], "--width belongs to the task segment"),
        (["--size=9x9", "--task=segment", "--model=small_cnn"], "omit --model"),
        (["--size=9x9", "--task=segment", "--depth=0"], "--depth is 0 but must be at least 1"),
    ],
)
def test_options_of_the_other_task_are_refused(
    capsys: pytest.CaptureFixture[str], options: list[str], sentence: str
) -> None:
    assert main(["inspect", *options]) == 2
    assert sentence in capsys.readouterr().err
