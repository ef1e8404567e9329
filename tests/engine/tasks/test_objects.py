"""`wholefield objects` as a user gives it: maps of slides and stacks, mistakes, and a map larger than its tiles."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from wholefield.cli import main
from wholefield.errors import SettingError
from wholefield.tasks.objects_settings import ObjectsSettings


@pytest.fixture
def probabilities(tmp_path: Path) -> Path:
    """Two channels; three bright rectangles in the second."""
    values = np.zeros((2, 90, 120), np.float32)
    values[1, 10:20, 10:30], values[1, 40:44, 50:100], values[1, 80:82, 5:7] = 0.9, 0.6, 1.0
    tifffile.imwrite(
        tmp_path / "map.ome.tif", values, metadata={"axes": "CYX"}, ome=True, photometric="minisblack"
    )
    return tmp_path / "map.ome.tif"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_probability_map(probabilities: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "objects.csv"
    words = ["objects", str(probabilities), "-o", str(out), "--channel", "1", "--threshold", "0.5"]
    assert main([*words, "--smallest", "10", "--tile-size", "16"]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert [(row["area"], row["top"], row["right"]) for row in rows_of(out)] == [
        ("200", "10", "30"),
        ("200", "40", "100"),
    ]


def test_intensities_of_every_channel(probabilities: Path, tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)
    tifffile.imwrite(tmp_path / "image.tif", image, photometric="rgb")
    out = tmp_path / "o.csv"
    words = ["objects", str(probabilities), "-o", str(out), "--channel=1", "--threshold=0.8"]
    assert main([*words, "--intensities", str(tmp_path / "image.tif")]) == 0
    first = rows_of(out)[0]
    expected = image[10:20, 10:30].reshape(-1, 3).mean(0)
    np.testing.assert_allclose([float(first[f"mean_{channel}"]) for channel in range(3)], expected)


def test_a_class_in_a_slice_of_a_stack(tmp_path: Path) -> None:
    labels = np.zeros((4, 50, 60), np.uint8)
    labels[2, 5:15, 5:15], labels[2, 30:35, 5:15], labels[1] = 2, 1, 2
    sizes = {f"PhysicalSize{axis}": 2.0 for axis in "ZYX"}
    tifffile.imwrite(
        tmp_path / "labels.ome.tif",
        labels,
        metadata={"axes": "ZYX", **sizes},
        ome=True,
        photometric="minisblack",
    )
    out = tmp_path / "o.csv"
    words = [
        "objects",
        str(tmp_path / "labels.ome.tif"),
        "-o",
        str(out),
        "--slice",
        "2",
        "--class-value",
        "2",
    ]
    assert main(words) == 0
    (row,) = rows_of(out)
    assert (row["area"], float(row["area_um2"])) == ("100", 400.0)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"threshold": 0.5, "class_value": 1}, "exclude each other"),
        ({"smallest": 5, "largest": 4}, "less than smallest"),
        ({"out": Path("a.xlsx")}, "does not end in"),
    ],
)
def test_mistakes(probabilities: Path, change: dict[str, Any], sentence: str) -> None:
    values: dict[str, Any] = {"map": probabilities, "out": Path("a.csv"), **change}
    with pytest.raises(SettingError, match=sentence):
        ObjectsSettings(**values).validate()


@pytest.mark.parametrize(
    ("more", "sentence"),
    [(["--channel", "2"], "channels 0 to 1"), (["--slice", "9"], "has slices 0 to 0")],
)
def test_what_the_map_has_not(
    probabilities: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], sentence: str
) -> None:
    out = tmp_path / "o.csv"
    assert main(["objects", str(probabilities), "-o", str(out), *more]) != 0
    assert sentence in capsys.readouterr().err
    assert not out.exists()


def test_an_image_of_another_size(
    probabilities: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tifffile.imwrite(tmp_path / "small.tif", np.zeros((9, 12, 3), np.uint8))
    words = ["objects", str(probabilities), "-o", str(tmp_path / "o.csv"), "--channel", "1"]
    assert main([*words, "--intensities", str(tmp_path / "small.tif")]) != 0
    assert "choose an image of the same size" in capsys.readouterr().err
