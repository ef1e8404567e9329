"""The training on simulated scenes: the loss against float64, checkpoints that predict, and continuing."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from wholefield.errors import SettingError
from wholefield.tasks.events.model import input_of, load_flow
from wholefield.tasks.events.pretraining import train
from wholefield.tasks.events.pretraining.train import Pupil, known_loss, learning_rate, pretrain


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {"LANES": 1, "WINDOW": 2, "BINS": 2, "SIDE": 32, "HELD_BACK": 1}
    for name, value in values.items():
        monkeypatch.setattr(train, name, value)


@pytest.mark.usefixtures("small")
def test_it_trains_saves_and_continues(tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        pretrain(tmp_path, ("fast",), 0, 0, said.append)
    first, last = map(json.loads, said)
    assert (first["steps"], last["steps"]) == (1, 2)
    assert last["hours"] > first["hours"]
    assert 0 < last["error of zero flow"] < 2
    network, card = load_flow(tmp_path / "fast.ckpt")
    assert (card.license, card.input.downsampling, card.metrics["steps"]) == ("Apache-2.0", 1, last["steps"])
    assert input_of(card).delta_t == 10_000
    assert network(torch.rand(1, 1, 6, 16, 16))[-1].shape == (1, 1, 2, 16, 16)
    (tmp_path / "fast.ckpt").rename(tmp_path / "accurate.ckpt")
    with pytest.raises(SettingError, match="cannot be continued"):
        pretrain(tmp_path, ("accurate",), 0, 0, said.append)


def test_the_loss_is_the_weighted_error_of_every_level() -> None:
    random = np.random.default_rng(0)
    label = random.normal(0, 3, (2, 3, 2, 8, 8))
    fine, coarse = random.normal(0, 3, label.shape), random.normal(0, 1, (2, 3, 2, 4, 4))
    features = (random.random((2, 3, 6, 8, 8)) < 0.1).astype(np.float64)
    wanted = []
    for level, flow in ((1, coarse), (0, fine)):
        size = 8 >> level
        blocks = label.reshape(2, 3, 2, size, 2**level, size, 2**level).mean((4, 6)) / 2**level
        seen = features.any(2).reshape(2, 3, size, 2**level, size, 2**level).any((3, 5))
        weight = np.where(seen, 1, 0.2)[:, :, None] * 2**level
        speed = np.sqrt((label**2).sum(2)).mean((0, 2, 3))[None, :, None, None, None]
        wanted.append((((flow - blocks) ** 2 + 1e-6) ** 0.45 * weight / (0.5 + speed)).mean())
    found = known_loss(
        [torch.from_numpy(coarse), torch.from_numpy(fine)],
        torch.from_numpy(label),
        torch.from_numpy(features),
    )
    assert float(found) == pytest.approx(np.mean(wanted), rel=1e-3)


def test_the_rate_rises_and_falls() -> None:
    rates = [learning_rate(step) for step in (0, 99, 1599, 10**5)]
    assert rates[0] < rates[1] > rates[2] > rates[3] > 0


def test_a_fresh_network_divides_features_by_a_fixed_scale() -> None:
    network = Pupil.fresh("fast", 0).network
    assert float(network.scale) == pytest.approx(1.5 / 255)
