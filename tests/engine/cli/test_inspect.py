"""wholefield inspect: the table, what the pass costs, the suggestion, and one sentence for every mistake."""

import contextlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from hypothesis import given, strategies as st
from torch import nn

from wholefield.cli import main
from wholefield.cli.inspect import parse_bytes, parse_size
from wholefield.errors import SettingError
from wholefield.networks import opening, unet
from wholefield.networks.opening import Gives, PublishedCard, Streaming, open_model, published
from wholefield.streaming import StreamingError, plan
from wholefield.streaming.planning.stage_table import HEADINGS as STAGE_HEADINGS
from wholefield.streaming.planning.table import in_bytes
from wholefield.tasks.slides.inspected_file import ModelFile
from wholefield.tasks.slides.inspection import Purpose, inspect_network, suggest_for
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


@pytest.fixture
def staged(tmp_path: Path) -> Path:
    """A published network with statistics of the whole image."""

    class Net(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(nn.Conv2d(3, 8, 3), nn.InstanceNorm2d(8), nn.Conv2d(8, 2, 3))

    path = tmp_path / "staged.pt2"
    sides = {2: torch.export.Dim("height", min=16), 3: torch.export.Dim("width", min=16)}
    program = torch.export.export(Net().eval(), (torch.zeros(1, 3, 64, 64),), dynamic_shapes=(sides,))
    torch.export.save(program, path)
    return path


def test_the_stages_of_a_published_model(staged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = ["--size=400x300", "--tile-size=64"]
    assert main(["inspect", f"--checkpoint={staged}", *size, "--map-memory=0"]) == 0
    lines = capsys.readouterr().out.splitlines()
    first = lines.index("") + 1
    model = open_model(staged)
    expected = plan(model.network, (1, 3, 300, 400), 64, map_budget=0)
    assert lines[first].split() == " ".join(STAGE_HEADINGS).split()
    rows = lines[first + 2 : lines.index("", first)]
    assert [row.split()[:2] for row in rows] == [["1", "normalized"], ["2", "output"]]
    assert f"{'Receptive field:':<24} 5 px, stride 1, and statistics of the whole image" in lines
    for row, stage in zip(rows, expected.stages, strict=True):
        assert "7 x 5" in row, "the width comes first"
        assert row.count(in_bytes(stage.forward_disk)) >= 1
        assert stage.forward_disk > 0
    assert f"{'Maps on disk, inference:':<24} {in_bytes(expected.memory.forward_disk)}" in lines

    assert main(["inspect", f"--checkpoint={staged}", *size]) == 0
    assert f"{'Maps on disk, inference:':<24} 0 B" in capsys.readouterr().out.splitlines()


def test_maps_on_disk_make_room_for_larger_tiles(staged: Path) -> None:
    model, size, budget = ModelFile(staged), (1200, 1200), 40_000_000
    with pytest.raises(StreamingError, match="No tile size fits"):
        suggest_for(model, size, budget, Purpose.INFERENCE)
    side, workers = suggest_for(model, size, budget, Purpose.INFERENCE, map_budget=0)
    needed = plan(open_model(staged).network, (1, 3, *size), side, workers=workers, map_budget=0).memory
    assert 0 < needed.forward <= budget


def test_sizes_that_a_model_does_not_take_are_filled_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.pth"
    path.touch()
    about = PublishedCard("test", "net", 2, 3, Gives.MAPS, 0, streaming=Streaming())
    made = published(path, unet(3, 2, width=2, depth=2), about)
    made = replace(made, card=replace(made.card, streaming=replace(made.card.streaming, multiple=(8, 4))))
    monkeypatch.setattr(opening, "open_model", lambda path: made)
    assert main(["inspect", f"--checkpoint={path}", "--size=401x299", "--tile-size=64"]) == 0
    out = capsys.readouterr().out
    assert f"{'Image:':<24} 401 x 299 px, filled up to 404 x 304" in out.splitlines()
    assert "Maps on disk" not in out, "one stage keeps no maps"


def test_a_network_that_pools_its_output_is_planned(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)).eval()
    found = plan(network, (1, 3, 300, 400), 64)
    assert found.receptive_field == (3, 3)
    assert found.memory.forward > 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--model=small_cnn"], "omit --task, --model and their options"),
        (["--task=segment"], "omit --task, --model and their options"),
        (["--map-memory=-1"], "--map-memory is -1 but must be at least 0"),
        (["--map-memory=all"], "--map-memory is 'all'"),
        ([], "absent.pth does not exist"),
    ],
)
def test_mistakes_with_a_checkpoint(
    options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["inspect", "--checkpoint=absent.pth", "--size=64x64", *options]) == (2 if options else 1)
    out, err = capsys.readouterr()
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1
