"""Checkpoints of classifiers: what is wrong with a file is said in a sentence, and no code of it runs."""

from pathlib import Path
from typing import Any

import pytest
import torch

from wholefield.errors import SettingError, SourceError
from wholefield.networks import ResNet, resnet18
from wholefield.tasks.slides.models.classifier import StreamedClassifier, load_classifier
from wholefield.training.checkpoints import CARD, PREFIX
from wholefield.training.model_card import ClassCard, InputCard, ModelCard

DESCRIPTION = ModelCard(
    "classify",
    "resnet18",
    {"head": "average"},
    tuple(map(ClassCard, "xy")),
    InputCard(3, 1, None, "um", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
)


@pytest.fixture(scope="module")
def content() -> dict[str, Any]:
    torch.manual_seed(0)
    state = {PREFIX + name: value for name, value in resnet18(num_classes=2).state_dict().items()}
    return {"state_dict": state, CARD: DESCRIPTION.to_plain()}


def save(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


def test_loads_ready_to_predict(content: dict[str, Any], tmp_path: Path) -> None:
    classifier, card = load_classifier(save(tmp_path / "c.ckpt", content), 64)
    assert card == DESCRIPTION
    assert not any(module.training for module in classifier.network.modules())
    state = classifier.network.state_dict()
    assert all(torch.equal(value, content["state_dict"][PREFIX + name]) for name, value in state.items())


def test_training_leaves_normalisation_frozen() -> None:
    classifier = StreamedClassifier(resnet18(num_classes=2), 64)
    classifier.train(True)
    network = classifier.network
    assert isinstance(network, ResNet)
    assert network.layer1.training
    assert not network.bn1.training


def test_logits_and_evidence_agree() -> None:
    torch.manual_seed(1)
    classifier = StreamedClassifier(resnet18(num_classes=3).double(), 48)
    image = torch.rand(1, 3, 101, 83, dtype=torch.float64)
    with torch.no_grad():
        logits, maps = classifier.evidence(image)
        torch.testing.assert_close(classifier.logits(image), logits)
        torch.testing.assert_close(classifier.network(image), logits, rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(maps.mean((2, 3)), logits, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({CARD: None}, "is not a checkpoint of a training run"),
        ({"state_dict": None}, "is not a checkpoint of a training run"),
        ({CARD: {"task": "classify", "model": "resnet18"}}, "describes its network incompletely"),
        (
            {CARD: DESCRIPTION.to_plain() | {"classes": ({"name": "x"}, {"name": "y"}, {"name": "z"})}},
            "does not fit ResNet",
        ),
    ],
)
def test_incomplete_files(
    content: dict[str, Any], tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    changed = {name: value for name, value in (content | change).items() if value is not None}
    with pytest.raises(SourceError, match=sentence):
        load_classifier(save(tmp_path / "c.ckpt", changed), 64)


def test_unknown_model(content: dict[str, Any], tmp_path: Path) -> None:
    changed = content | {CARD: DESCRIPTION.to_plain() | {"architecture": "vgg99"}}
    with pytest.raises(SettingError, match="'vgg99'; choose one of"):
        load_classifier(save(tmp_path / "c.ckpt", changed), 64)


class Trap:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('code of a checkpoint was run')",)


def test_code_in_a_file_does_not_run(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"holds objects besides weights \(exec\)"):
        load_classifier(save(tmp_path / "c.ckpt", {"state_dict": {}, CARD: Trap()}), 64)


def test_missing_and_damaged(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        load_classifier(tmp_path / "c.ckpt", 64)
    (tmp_path / "c.ckpt").write_bytes(b"damaged")
    with pytest.raises(SourceError, match="is not a readable checkpoint"):
        load_classifier(tmp_path / "c.ckpt", 64)
