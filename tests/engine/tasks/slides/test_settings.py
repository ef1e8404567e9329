"""Settings: saved and read without loss, checked with a sentence that names the setting."""

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from wholefield.errors import SettingError
from wholefield.runs.settings import save_settings
from wholefield.tasks.registry import TASKS, Task, load_settings
from wholefield.tasks.slides.settings import ClassifySettings, PredictSettings
from wholefield.training.settings import Device, Precision

configs = st.builds(
    ClassifySettings,
    slides=st.text("ab/ ü'", min_size=1).map(Path),
    labels=st.text("ab/ ", min_size=1).map(Path),
    initial_weights=st.none() | st.text(min_size=1),
    crop_size=st.none() | st.integers(32, 10**6),
    epochs=st.integers(1, 10**6),
    learning_rate=st.floats(min_value=0, exclude_min=True, allow_infinity=False),
    precision=st.sampled_from(Precision),
    device=st.sampled_from(Device),
)


@given(configs)
def test_json_round_trip(config: ClassifySettings) -> None:
    assert ClassifySettings.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_file_round_trip(tmp_path: Path) -> None:
    config = PredictSettings(slide=tmp_path / "s.svs", checkpoint=tmp_path / "best.ckpt", level=2)
    save_settings(config, tmp_path / "run.json")
    assert load_settings(tmp_path / "run.json") == config
    assert json.loads((tmp_path / "run.json").read_text())["task"] == "predict"


@pytest.fixture
def good(tmp_path: Path) -> ClassifySettings:
    (tmp_path / "labels.csv").touch()
    return ClassifySettings(slides=tmp_path, labels=tmp_path / "labels.csv")


def test_defaults_are_valid(good: ClassifySettings) -> None:
    good.validate()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"epochs": 0}, "epochs is 0 but must be at least 1"),
        ({"tile_size": -3}, "tile_size is -3 but must be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate is 0 but must be above 0"),
        ({"learning_rate": float("nan")}, "learning_rate is nan but must be a finite number"),
        ({"validation_fraction": 1.0}, "validation_fraction is 1 but must be below 1"),
        ({"crop_size": 8}, "crop_size is 8 but must be at least 32"),
        ({"seed": 2**32}, "seed is 4.29497e.09 but must be at most"),
        ({"model": "vgg99"}, "model is 'vgg99'; choose one of"),
        ({"initial_weights": "DEFAULT"}, "small_cnn has no pretrained weights"),
        ({"slides": Path("/nowhere")}, "slides names /nowhere, which is not a folder"),
        ({"labels": Path("/nowhere.csv")}, r"labels names /nowhere\.csv, which is not a file"),
    ],
)
def test_mistakes(good: ClassifySettings, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        replace(good, **change).validate()


def test_prediction_of_absent_files(tmp_path: Path) -> None:
    (tmp_path / "best.ckpt").touch()
    with pytest.raises(SettingError, match=r"slide names \S+, which does not exist"):
        PredictSettings(slide=tmp_path / "s.svs", checkpoint=tmp_path / "best.ckpt").validate()
    with pytest.raises(SettingError, match="checkpoint names"):
        PredictSettings(slide=tmp_path, checkpoint=tmp_path / "last.ckpt").validate()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[]", "must contain one JSON object"),
        ("{", "is not valid JSON"),
        ('{"task": "paint"}', "There is no task 'paint'; choose one of .*classify"),
        ("{}", "There is no task 'None'"),
        ('{"task": "classify", "labels": "l"}', "needs the setting slides"),
        ('{"task": "classify", "slides": "s", "labels": "l", "epoch": 3}', "has no setting epoch;"),
        (
            '{"task": "classify", "slides": "s", "labels": "l", "epochs": 3.5}',
            "epochs is 3.5 but must be a whole",
        ),
        (
            '{"task": "classify", "slides": "s", "labels": "l", "epochs": true}',
            "epochs is True but must be a whole",
        ),
        ('{"task": "classify", "slides": 7, "labels": "l"}', "slides is 7 but must be a path"),
        (
            '{"task": "classify", "slides": "s", "labels": "l", "device": "tpu"}',
            "must be one of auto, cpu, cuda",
        ),
        ('{"task": "classify", "slides": "s", "labels": "l", "epochs": null}', "epochs is None"),
    ],
)
def test_files_with_mistakes(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(SettingError, match=sentence) as error:
        load_settings(path)
    assert str(path) in str(error.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="No such file"):
        load_settings(tmp_path / "run.json")


@pytest.mark.parametrize("task", TASKS, ids=[task.name for task in TASKS])
def test_every_setting_says_what_it_means(task: Task) -> None:
    declared = task.settings.declarations()
    assert set(declared) == {item.name for item in fields(task.settings)}
    assert all(each.setting.help.endswith(".") for each in declared.values())
    assert task.runner.startswith("wholefield.")


def test_whole_numbers_pass_for_numbers() -> None:
    config = ClassifySettings.from_json({"slides": "s", "labels": "l", "learning_rate": 1})
    assert isinstance(config.learning_rate, float)
