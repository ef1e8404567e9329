"""Options made from settings, and the command that repeats a run."""

import argparse
import shlex
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from wholefield.cli.options import Parser, add_settings, command_line, number_option, settings_from
from wholefield.errors import SettingError
from wholefield.runs.settings import RunSettings
from wholefield.tasks.registry import TASKS, Task
from wholefield.tasks.slides.settings import ClassifySettings, PredictSettings, SegmentSettings
from wholefield.training.settings import ClassWeighting, Device, Precision

paths = st.text(min_size=1).filter(lambda text: "\0" not in text).map(Path)
classify = st.builds(
    ClassifySettings,
    slides=paths,
    labels=paths,
    model=st.text(),
    initial_weights=st.none() | st.text(),
    tile_size=st.integers(),
    level=st.integers(),
    crop_size=st.none() | st.integers(),
    epochs=st.integers(),
    learning_rate=st.floats(allow_nan=False),
    validation_fraction=st.floats(allow_nan=False),
    precision=st.sampled_from(Precision),
    device=st.sampled_from(Device),
)
predict = st.builds(
    PredictSettings,
    slide=paths,
    checkpoint=paths,
    level=st.none() | st.integers(),
    device=st.sampled_from(Device),
)


def parsed(config: RunSettings, words: list[str]) -> RunSettings:
    """What the options of a task make of the words behind its command."""
    parser = Parser(prog="wholefield")
    add_settings(parser, type(config))
    assert tuple(words[: len(config.command) + 1]) == ("wholefield", *config.command)
    return settings_from(parser.parse_args(words[len(config.command) + 1 :]), type(config))


segment = st.builds(
    SegmentSettings,
    slides=paths,
    masks=paths,
    binarize_labels=st.booleans(),
    class_weighting=st.sampled_from(ClassWeighting),
    ignore_label=st.none() | st.integers().map(str),
)


@given(classify | segment | predict)
def test_command_line_repeats_the_settings(config: RunSettings) -> None:
    assert parsed(config, shlex.split(command_line(config))) == config


def test_only_what_differs_is_written() -> None:
    config = ClassifySettings(slides=Path("my slides"), labels=Path("l.csv"), epochs=3, device=Device.CPU)
    assert command_line(config) == (
        "wholefield train classify '--slides=my slides' --labels=l.csv --epochs=3 --device=cpu"
    )
    other = PredictSettings(slide=Path("-a.svs"), checkpoint=Path("best.ckpt"))
    assert command_line(other) == "wholefield predict --checkpoint=best.ckpt -- -a.svs"


@pytest.mark.parametrize("task", TASKS, ids=[task.name for task in TASKS])
def test_what_may_be_none_can_be_written(task: Task) -> None:
    """The command line says None by leaving the option out, or with the word none where that is not the default."""
    declared = task.settings.declarations()
    given = {name: each.type("x") for name, each in declared.items() if each.required}
    config = task.settings(**given, **{name: None for name, each in declared.items() if each.optional})
    assert parsed(config, shlex.split(command_line(config))) == config


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--slides=a", "--labels=b", "--epochs=few"], "--epochs is 'few' but must be a whole number"),
        (
            ["--slides=a", "--labels=b", "--device=tpu"],
            "--device is 'tpu' but must be one of auto, cpu, cuda",
        ),
        (["--slides=a"], "The following arguments are required: --labels; see wholefield --help"),
        (["--slides=a", "--labels=b", "--epoch=3"], "Unrecognized arguments: --epoch=3"),
    ],
)
def test_mistakes(words: list[str], sentence: str) -> None:
    parser = Parser(prog="wholefield")
    add_settings(parser, ClassifySettings)
    with pytest.raises(SettingError, match=sentence):
        settings_from(parser.parse_args(words), ClassifySettings)


def test_help_shows_meaning_and_default() -> None:
    parser = argparse.ArgumentParser()
    add_settings(parser, ClassifySettings)
    text = " ".join(parser.format_help().split())
    assert "--tile-size TILE_SIZE Side of a tile in pixels of the level. In px. Default: 512." in text
    assert "--device auto|cpu|cuda" in text


@pytest.mark.parametrize("text", ["0.005", "0,005", "5e-3", "5,0e-3"])
def test_both_signs_of_decimals_mean_the_same(text: str) -> None:
    words = ["--slides=a", "--labels=b", f"--learning-rate={text}"]
    parser = Parser(prog="wholefield")
    add_settings(parser, ClassifySettings)
    assert settings_from(parser.parse_args(words), ClassifySettings).learning_rate == 0.005


@pytest.mark.parametrize(
    ("name", "text"), [("learning-rate", "1,500"), ("epochs", "1.500"), ("tile-size", "1,500")]
)
def test_a_sign_that_may_stand_between_thousands_is_asked(name: str, text: str) -> None:
    parser = Parser(prog="wholefield")
    add_settings(parser, ClassifySettings)
    given = parser.parse_args(["--slides=a", "--labels=b", f"--{name}={text}"])
    with pytest.raises(SettingError, match=rf"^--{name}: '{text}' can be read as 1\.5 or as 1500; write"):
        settings_from(given, ClassifySettings)


def test_options_without_a_setting_read_numbers_alike() -> None:
    parser = Parser(prog="wholefield")
    parser.add_argument("--bins", type=number_option(int))
    parser.add_argument("--gain", type=number_option(float))
    given = parser.parse_args(["--bins=10 000", "--gain=0,5"])
    assert (given.bins, given.gain) == (10_000, 0.5)
    with pytest.raises(SettingError, match=r"--bins: '1,000' can be read as 1 or as 1000; write 1 or 1000"):
        parser.parse_args(["--bins=1,000"])
    with pytest.raises(SettingError, match=r"--gain: 'x' must be a number"):
        parser.parse_args(["--gain=x"])
