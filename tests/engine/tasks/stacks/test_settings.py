"""Settings of the tasks on stacks: kept without loss, checked with a sentence, offered without torch."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wholefield.cli.options import arguments_of
from wholefield.errors import SettingError
from wholefield.runs.settings import RunSettings, save_settings
from wholefield.tasks.registry import load_settings
from wholefield.tasks.stacks.noise2inverse_settings import Noise2InverseSettings
from wholefield.tasks.stacks.output_settings import StackFormat, StackPredictSettings
from wholefield.tasks.stacks.settings import StackRegressionSettings, StackSegmentationSettings
from wholefield.tomography.enums import Strategy
from wholefield.training.settings import Augmentation, ClassWeighting, Schedule

CONFIGS = (
    StackRegressionSettings(
        stack=Path("a b"), target=Path("c"), schedule=Schedule.STEP, augmentation=Augmentation.ROTATIONS
    ),
    StackSegmentationSettings(
        stack=Path("a"),
        target=Path("c"),
        label_values="0,255",
        input_slices=3,
        class_weighting=ClassWeighting.BALANCED,
    ),
    Noise2InverseSettings(projections=Path("scan.h5"), strategy=Strategy.ONE_TO_X, center=12.5),
    StackPredictSettings(stack=Path("-a"), checkpoint=Path("best.ckpt"), format=StackFormat.OME_ZARR),
)


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.task)
def test_round_trips(config: RunSettings, tmp_path: Path) -> None:
    assert type(config).from_json(json.loads(json.dumps(config.to_json()))) == config
    save_settings(config, tmp_path / "run.json")
    assert load_settings(tmp_path / "run.json") == config


def test_commands_read_as_expected() -> None:
    assert arguments_of(CONFIGS[3]) == [
        "predict-stack", "--checkpoint=best.ckpt", "--format=ome-zarr", "--", "-a",
    ]  # fmt: skip
    words = arguments_of(CONFIGS[0])
    assert words[:2] == ["train", "stack-regression"]
    assert {"--schedule=step", "--augmentation=rotations"} <= set(words)


def test_offered_without_torch() -> None:
    code = (
        "import sys, wholefield.tasks.registry; "
        "print({'torch', 'wholefield.sources.stacks.stack'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.fixture
def scan(tmp_path: Path) -> Noise2InverseSettings:
    (tmp_path / "scan.h5").touch()
    return Noise2InverseSettings(projections=tmp_path / "scan.h5")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"projections": None}, "either the setting projections or"),
        ({"reconstructions": "a.tif;b.tif"}, "either the setting projections or"),
        ({"projections": None, "reconstructions": "a.tif;"}, "at least two stacks"),
        ({"projections": None, "reconstructions": "a.tif; b.tif"}, "reconstructions names a.tif"),
        ({"projections": Path("absent.h5")}, "projections names absent.h5"),
        ({"rows": "3,7"}, "rows is '3,7' but must be one range"),
        ({"parts": 1}, "parts is 1 but must be at least 2"),
    ],
)
def test_mistakes_of_noise2inverse(
    scan: Noise2InverseSettings, change: dict[str, Any], sentence: str
) -> None:
    scan.validate()
    with pytest.raises(SettingError, match=sentence):
        replace(scan, **change).validate()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"output": Path("a.png")}, r"must end in \.tif or \.tiff for tiff"),
        ({"output": Path("a.tif"), "format": StackFormat.NIFTI}, r"must end in \.nii\.gz or \.nii"),
        ({"output": Path("absent/a.tif")}, "whose folder does not exist"),
        ({"stack": Path("absent")}, "stack names absent"),
        ({"checkpoint": Path("absent.ckpt")}, r"checkpoint names absent\.ckpt"),
        ({"dilations": "x"}, "dilations is 'x'"),
    ],
)
def test_mistakes_of_prediction(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    (tmp_path / "best.ckpt").touch()
    good = StackPredictSettings(stack=tmp_path, checkpoint=tmp_path / "best.ckpt", output=tmp_path / "a.tif")
    good.validate()
    with pytest.raises(SettingError, match=sentence):
        replace(good, **change).validate()


def test_a_segmentation_needs_two_labels(stacks: Path) -> None:
    config = StackSegmentationSettings(stack=stacks / "input.tif", target=stacks / "labels.tif")
    config.validate()
    with pytest.raises(SettingError, match="at least two labels"):
        replace(config, label_values="3,3").validate()
    with pytest.raises(SettingError, match="label 7 stands in label_values and in ignore_label"):
        replace(config, label_values="0-9", ignore_label="7,11").validate()
    with pytest.raises(SettingError, match="ignore_label is 'x'"):
        replace(config, ignore_label="x").validate()


def test_crops_follow_the_network() -> None:
    pair: dict[str, Any] = {"stack": Path("a"), "target": Path("b")}
    slices, volumes = (StackRegressionSettings(**pair, ndim=ndim) for ndim in (2, 3))
    assert [(each.crop, each.repeats) for each in (slices, volumes)] == [(128, 4), (48, 32)]
    assert [(each.crop, each.repeats) for each in (Noise2InverseSettings(), Noise2InverseSettings(ndim=3))] == [
        (128, 1), (48, 8),
    ]  # fmt: skip
    chosen = replace(volumes, crop_size=20, crops=5)
    assert (chosen.crop, chosen.repeats) == (20, 5)
    whole = replace(volumes, crop_size=0, crops=5)
    assert (whole.crop, whole.repeats) == (None, 1)
    assert "--ndim=3" in arguments_of(volumes)
