"""Cards survive a checkpoint and tell networks apart; checkpoints of before there were cards still open."""

from pathlib import Path
from typing import Any

import pytest
import tifffile
import torch
from torch import nn

from wholefield.cli.info import describe_file
from wholefield.errors import SettingError, SourceError
from wholefield.flow.flow_network import FlowNetwork
from wholefield.networks import small_cnn
from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.network import MSDNetwork
from wholefield.networks.u_net import unet
from wholefield.runs.control import Control
from wholefield.runs.folder import RunFolder
from wholefield.runs.reports import Finished, ignore
from wholefield.tasks.events.model import input_of, load_flow
from wholefield.tasks.registry import run_task
from wholefield.tasks.slides.models.classifier import load_classifier
from wholefield.tasks.slides.models.segmenter import load_segmenter
from wholefield.tasks.slides.predict import load_model
from wholefield.tasks.stacks.output_settings import StackPredictSettings
from wholefield.training.checkpoints import CARD, FORMER_CARD, PREFIX, card_of, continues, start_from
from wholefield.training.model_card import (
    ClassCard,
    DataFile,
    InputCard,
    ModelCard,
    data_files,
    demand_same,
    label_classes,
)

FULL = ModelCard(
    "segment",
    "unet",
    {"width": 4, "depth": 1},
    (ClassCard("skin", (250, 200, 180), 0), ClassCard("hair", None, 7)),
    InputCard(3, 1, (0.5, 0.25), "um", (0.1, 0.2, 0.3), (1.0, 2.0, 3.0)),
    (DataFile("a.svs", 1234, "training"), DataFile("b.svs", 5678, "validation", "slices 0-3")),
    7,
    {"validation_dice": 0.875},
    {"wholefield": "1.2", "torch": "2.5"},
    "CC BY 4.0",
)
FORMER: dict[str, dict[str, Any]] = {
    "classify": {
        "model": "small_cnn", "classes": ("a", "b"), "level": 2, "spacing": (0.5, 0.5), "mean": (0.5,) * 3,
        "std": (0.25,) * 3, "head": "average", "task": "classify",
    },
    "segment": {
        "classes": ("a", "b"), "level": 0, "spacing": None, "mean": (0.5,), "std": (0.25,), "width": 4, "depth": 1,
        "task": "segment",
    },
    "stack-segmentation": {
        "task": "stack-segmentation", "channels": 1, "slab": 3, "labels": (0, 255), "spacing": (2.0, 1.0, 1.0),
        "unit": "um",
    },
    "flow": {
        "network": "eminet", "channels": 6, "base": 2, "scales": 2, "rnn_cell": "lstm", "preprocess": "event_cube",
        "delta_t": 10_000, "arguments": {}, "downsampling": 1, "task": "flow",
    },
}  # fmt: skip


def saved(path: Path, network: nn.Module, described: dict[str, Any], key: str) -> Path:
    """A checkpoint as the trainings on slides and events wrote it."""
    state = {PREFIX + name: value for name, value in network.state_dict().items()}
    torch.save({"state_dict": state, key: described}, path)
    return path


def test_a_card_survives_a_file(tmp_path: Path) -> None:
    torch.save(FULL.to_plain(), tmp_path / "card")
    assert ModelCard.from_plain(torch.load(tmp_path / "card", weights_only=True)) == FULL
    assert (FULL.names, FULL.values) == (("skin", "hair"), (0, 7))


def test_a_card_of_a_newer_layout_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.ckpt", nn.Identity(), FULL.to_plain() | {"version": 99}, CARD)
    with pytest.raises(SourceError, match="version 99"):
        card_of(path)


def test_other_networks_are_refused() -> None:
    demand_same(FULL, FULL.after(9, {}), Path("run"))
    others = {
        "width": ModelCard("segment", "unet", {"width": 8, "depth": 1}, FULL.classes, FULL.input),
        "classes": ModelCard("segment", "unet", FULL.arguments, (ClassCard("x"),), FULL.input),
        "level": ModelCard("segment", "unet", FULL.arguments, FULL.classes, InputCard(3, 2)),
        "model": ModelCard("segment", "other", FULL.arguments, FULL.classes, FULL.input),
    }
    for name, other in others.items():
        with pytest.raises(SettingError, match=f"was started with another {name} "):
            demand_same(FULL, other, Path("run"))


@pytest.mark.parametrize("key", [CARD, FORMER_CARD])
def test_former_classifiers_and_segmenters_open(tmp_path: Path, key: str) -> None:
    path = saved(tmp_path / "c.ckpt", small_cnn(num_classes=2), FORMER["classify"], key)
    classifier, card = load_classifier(path, 64)
    assert (card.names, card.input.level, card.arguments) == (("a", "b"), 2, {"head": "average"})
    assert classifier.logits(torch.zeros(1, 3, 70, 70)).shape == (1, 2)
    path = saved(tmp_path / "s.ckpt", unet(1, 2, width=4, depth=1), FORMER["segment"], key)
    segmenter, card = load_segmenter(path, 64)
    assert (card.input.channels, card.arguments) == (1, {"width": 4, "depth": 1})
    assert segmenter.network(torch.zeros(1, 1, 32, 32)).shape == (1, 2, 32, 32)
    assert type(load_model(path, 64)[0]) is type(segmenter)


@pytest.mark.parametrize("key", [CARD, FORMER_CARD])
def test_former_networks_over_stacks_predict(tmp_path: Path, key: str) -> None:
    network = MSDNetwork(3, 2, 2, dilations=[2, 3], task=Task.SEGMENTATION)
    network.save(tmp_path / "net.ckpt", 3, extra={key: FORMER["stack-segmentation"], "progress": {}})
    tifffile.imwrite(tmp_path / "in.tif", torch.rand(4, 20, 20).numpy(), photometric="minisblack")
    settings = StackPredictSettings(stack=tmp_path / "in.tif", checkpoint=tmp_path / "net.ckpt")
    assert isinstance(run_task(settings, tmp_path / "run", ignore, Control()), Finished)
    assert set(tifffile.imread(tmp_path / "run" / "prediction.tif").flat) <= {0, 255}
    assert card_of(tmp_path / "net.ckpt").input.spacing == (2.0, 1.0, 1.0)
    start_from(MSDNetwork(3, 2, 2, dilations=[2, 3], task=Task.SEGMENTATION), tmp_path / "net.ckpt")


def test_a_former_run_on_stacks_is_not_continued(tmp_path: Path) -> None:
    MSDNetwork(1, 1, 2).save(tmp_path / "last.ckpt", 3, extra={CARD: FORMER["stack-segmentation"]})
    card = ModelCard.from_plain(FORMER["stack-segmentation"])
    with pytest.raises(SettingError, match="as initial_weights"):
        continues(RunFolder(tmp_path), card)


@pytest.mark.parametrize("key", [CARD, FORMER_CARD])
def test_former_flow_networks_open(tmp_path: Path, key: str) -> None:
    network = FlowNetwork((1, 6, 1, 1), {"l1": 1.0}, "eminet", base=2, scales=2, rnn_cell="lstm")
    found, card = load_flow(saved(tmp_path / "f.ckpt", network, FORMER["flow"], key))
    given = input_of(card)
    assert (given.delta_t, given.preprocess, card.input.downsampling) == (10_000, "event_cube", 1)
    assert found(torch.zeros(1, 1, 6, 16, 16))[-1].shape[2] == 2


def test_info_prints_the_card(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.ckpt", nn.Identity(), FULL.to_plain(), CARD)
    lines = dict(describe_file(path))
    assert lines["classes"] == "skin (0), hair (7)"
    assert lines["training data"] == "a.svs (1,234 bytes)"
    assert lines["validation data"] == "b.svs, slices 0-3 (5,678 bytes)"
    assert lines["validation dice"] == "0.875"
    assert (lines["torch version"], lines["license"]) == ("2.5", "CC BY 4.0")


def test_files_and_folders_are_measured(tmp_path: Path) -> None:
    (tmp_path / "stack").mkdir()
    for name in ("a", "b"):
        (tmp_path / "stack" / name).write_bytes(b"12345")
    (tmp_path / "c").write_bytes(b"123")
    found = data_files([tmp_path / "stack", tmp_path / "c", tmp_path / "c"], "training", "slices 0-1")
    assert found == (
        DataFile("stack", 10, "training", "slices 0-1"),
        DataFile("c", 3, "training", "slices 0-1"),
    )
    assert label_classes([3]) == (ClassCard("3", value=3),)
