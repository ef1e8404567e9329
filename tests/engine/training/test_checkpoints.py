"""Checkpoints: the card and the weights in them, former ones and foreign ones, and the sentence for every mistake."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from wholefield.errors import SettingError, SourceError
from wholefield.runs.folder import RunFolder
from wholefield.training.checkpoints import (
    CARD,
    FORMER_CARD,
    PREFIX,
    card_of,
    continues,
    load_into,
    read_checkpoint,
    start_from,
    starting_weights,
)
from wholefield.training.model_card import ClassCard, InputCard, ModelCard

DESCRIPTION = ModelCard("classify", "tiny", {"width": 3}, tuple(map(ClassCard, "ab")), InputCard(3, 0))


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))


def content(**changes: Any) -> dict[str, Any]:
    """What the checkpoint of a run holds; None leaves out."""
    state = {PREFIX + name: value for name, value in network().state_dict().items()}
    values = {"state_dict": state | {"loss.weight": torch.ones(2)}, CARD: DESCRIPTION.to_plain(), "loops": {}}
    return {name: value for name, value in (values | changes).items() if value is not None}


def save(path: Path, values: Any) -> Path:
    torch.save(values, path)
    return path


def same(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(one.state_dict()[name], value) for name, value in other.state_dict().items())


@pytest.mark.parametrize("key", [CARD, FORMER_CARD])
def test_card_and_weights_come_back(tmp_path: Path, key: str) -> None:
    values = content(**({CARD: None} if key != CARD else {}), **{key: DESCRIPTION.to_plain()})
    path = save(tmp_path / "a.ckpt", values)
    assert card_of(path) == DESCRIPTION
    fresh = network(1)
    assert not same(fresh, network())
    load_into(fresh, read_checkpoint(path), path)
    assert same(fresh, network())


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([1, 2], "is not a checkpoint; choose another"),
        ({"state_dict": {}}, "is not a checkpoint of a training run; choose best.ckpt or last.ckpt of one"),
        ({CARD: {"task": "classify"}}, "is not a checkpoint of a training run"),
        ({"state_dict": {}, CARD: {"architecture": "tiny"}}, "is not a checkpoint of a training run"),
    ],
)
def test_what_is_no_checkpoint_of_a_run(tmp_path: Path, values: Any, sentence: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_checkpoint(save(tmp_path / "a.ckpt", values))
    assert str(caught.value).startswith(f"{tmp_path / 'a.ckpt'} {sentence}")


def test_files_that_are_missing_or_damaged(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"The checkpoint .*a\.ckpt does not exist; choose an existing one"):
        read_checkpoint(tmp_path / "a.ckpt")
    path = save(tmp_path / "a.ckpt", content())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(SourceError, match=r"a\.ckpt is not a readable checkpoint; choose another"):
        read_checkpoint(path)


class Trap:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("sprung"),)


def test_no_code_of_a_file_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = save(tmp_path / "a.ckpt", content(trap=Trap()))
    with pytest.raises(
        SourceError, match=r"holds objects besides weights \(.+\), which are not loaded because they could"
    ):
        read_checkpoint(path)
    assert not Path("sprung").exists()


def test_a_card_without_its_network_is_incomplete(tmp_path: Path) -> None:
    path = save(tmp_path / "a.ckpt", content(**{CARD: {"task": "classify", "version": 1}}))
    with pytest.raises(SourceError, match=r"a\.ckpt describes its network incompletely"):
        card_of(path)


def test_weights_that_do_not_fit(tmp_path: Path) -> None:
    path = save(tmp_path / "a.ckpt", content())
    with pytest.raises(SourceError, match=r"a\.ckpt does not fit Linear: 2 of 2 parameters are missing"):
        load_into(nn.Linear(3, 2), read_checkpoint(path), path)
    with pytest.raises(
        SourceError, match=r"a\.ckpt does not fit Linear: .+; 7 of 7 parameters are not known to it"
    ):
        start_from(nn.Linear(3, 2), path)


@pytest.mark.parametrize("form", ["run", "state dict", "wrapped"])
def test_weights_to_start_from(tmp_path: Path, form: str) -> None:
    state = dict(network().state_dict())
    values = {"run": content(), "state dict": state, "wrapped": {"state_dict": state, "epoch": 3}}[form]
    path = save(tmp_path / "a.pth", values)
    assert set(starting_weights(path)) == set(state)
    fresh = network(1)
    start_from(fresh, path)
    assert same(fresh, network())


@pytest.mark.parametrize("values", [{}, {"epoch": 3}, {"state_dict": {}}, {"state_dict": {"a": 3}}])
def test_files_without_weights(tmp_path: Path, values: Any) -> None:
    with pytest.raises(SourceError, match=r"a\.pth holds no weights; choose a checkpoint, or a file made of"):
        starting_weights(save(tmp_path / "a.pth", values))


def test_whether_a_run_goes_on(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert not continues(folder, DESCRIPTION)
    save(folder.last, content())
    assert continues(folder, DESCRIPTION)
    assert continues(folder, replace(DESCRIPTION, epoch=7, metrics={"loss": 1.0}))
    with pytest.raises(SettingError, match=r"started with another width \(3\); start a new run"):
        continues(folder, replace(DESCRIPTION, arguments={"width": 4}))
    save(folder.last, content(loops=None))
    with pytest.raises(
        SettingError, match="by an earlier version and cannot be continued; start a new run with"
    ):
        continues(folder, DESCRIPTION)
