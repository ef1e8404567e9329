"""Common settings of trainings: settings files and commands with the names of before still work."""

from pathlib import Path
from typing import Any

import pytest

from wholefield.cli.options import Parser, add_settings, settings_from
from wholefield.errors import SettingError
from wholefield.runs.settings import RunSettings
from wholefield.tasks.events.settings import FlowSettings
from wholefield.tasks.slides.settings import ClassifySettings, SegmentSettings
from wholefield.tasks.stacks.noise2inverse_settings import Noise2InverseSettings
from wholefield.tasks.stacks.output_settings import StackPredictSettings
from wholefield.tasks.stacks.settings import StackRegressionSettings, StackSegmentationSettings
from wholefield.training.settings import Augmentation, ClassWeighting, Precision, Schedule

CLASSIFY = (ClassifySettings, {"slides": "s", "labels": "l"})
SEGMENT = (SegmentSettings, {"slides": "s", "masks": "m"})
REGRESSION = (StackRegressionSettings, {"stack": "s", "target": "t"})
LABELS = (StackSegmentationSettings, {"stack": "s", "target": "t"})
SPLIT = (Noise2InverseSettings, {"projections": "p"})
STACK_PREDICT = (StackPredictSettings, {"stack": "s", "checkpoint": "c"})
FLOW = (FlowSettings, {"recordings": "r"})
FORMER: tuple[tuple[tuple[type[RunSettings], dict[str, str]], dict[str, Any], dict[str, Any]], ...] = (
    (CLASSIFY, {"accumulate": 4}, {"gradient_accumulation": 4}),
    (CLASSIFY, {"weights": "DEFAULT"}, {"initial_weights": "DEFAULT"}),
    (CLASSIFY, {"turns": True, "tint": 0.5}, {"augmentation": "flips-and-rotations", "color_jitter": 0.5}),
    (CLASSIFY, {"turns": False}, {"augmentation": Augmentation.NONE}),
    (SEGMENT, {"balance": True}, {"class_weighting": ClassWeighting.BALANCED}),
    (SEGMENT, {"foreground": True}, {"binarize_labels": True}),
    (REGRESSION, {"patience": 3, "slab": 5}, {"early_stopping_patience": 3, "input_slices": 5}),
    (REGRESSION, {"flips": False, "turns": True}, {"augmentation": Augmentation.ROTATIONS}),
    (REGRESSION, {"turns": False, "flips": True}, {"augmentation": Augmentation.FLIPS}),
    (REGRESSION, {"flips": False, "turns": False}, {"augmentation": Augmentation.NONE}),
    (REGRESSION, {"schedule": "one cycle"}, {"schedule": Schedule.COSINE, "warm_up_steps": 20}),
    (LABELS, {"balance": False}, {"class_weighting": ClassWeighting.NONE}),
    (SPLIT, {"centre": 12.5}, {"center": 12.5}),
    (STACK_PREDICT, {"bfloat16": True}, {"precision": Precision.BF16}),
    (FLOW, {"repeats": 4}, {"crops": 4}),
    (FLOW, {"augment": False}, {"augmentation": Augmentation.NONE}),
    (FLOW, {"augment": True}, {"augmentation": Augmentation.FLIPS_AND_ROTATIONS}),
)


@pytest.mark.parametrize(("task", "former", "expected"), FORMER, ids=[str(each[1]) for each in FORMER])
def test_former_names_still_work(
    task: tuple[type[RunSettings], dict[str, str]], former: dict[str, Any], expected: dict[str, Any]
) -> None:
    kind, needed = task
    settings = kind.from_json({"task": kind.task, **needed, **former})
    parser = Parser(prog="wholefield")
    add_settings(parser, kind)
    words = [
        f"--{name}={value}"
        for name, value in needed.items()
        if name != "stack" or kind.task != "stack-predict"
    ]
    words += [word for name, value in former.items() for word in option(name, value)]
    words += ["s"] if kind is StackPredictSettings else []
    assert settings_from(parser.parse_args(words), kind) == settings
    assert {name: getattr(settings, name) for name in expected} == expected
    assert all(f"--{name} " not in parser.format_help() for name in former if name in kind.former)


def option(name: str, value: Any) -> list[str]:
    """A setting as the words of a command."""
    if isinstance(value, bool):
        return [f"--{name}" if value else f"--no-{name}"]
    return [f"--{name}", str(value)]


def test_an_option_under_both_of_its_names_is_refused() -> None:
    parser = Parser(prog="wholefield")
    add_settings(parser, ClassifySettings)
    words = ["--slides=s", "--labels=l", "--accumulate=2", "--gradient-accumulation=3"]
    with pytest.raises(SettingError, match="--gradient-accumulation is given twice"):
        settings_from(parser.parse_args(words), ClassifySettings)


def test_augmentations_are_made_of_flips_and_rotations() -> None:
    for flips in (False, True):
        for rotations in (False, True):
            made = Augmentation.of(flips=flips, rotations=rotations)
            assert (made.flips, made.rotations) == (flips, rotations)


def test_paths_are_kept() -> None:
    assert FlowSettings.from_json({"recordings": "r", "repeats": 2}).recordings == Path("r")


def test_weights_give_every_class_the_same_say() -> None:
    weights = ClassWeighting.BALANCED.weights((60, 30, 0, 10))
    assert [w * n for w, n in zip(weights, (60, 30, 0, 10), strict=True)] == pytest.approx(
        [100 / 3, 100 / 3, 0, 100 / 3]
    )
