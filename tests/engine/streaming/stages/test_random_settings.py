"""Networks of several stages under settings drawn at random, with workers that are late, against plain autograd."""

import random
import tempfile
import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings, strategies as st
from torch import Tensor, nn

from wholefield.streaming import Spill, Streamed
from wholefield.streaming.execution.handed_on import HandedOn

CONVOLUTIONS: tuple[Any, ...] = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
SIZES = {1: 40, 2: 15, 3: 7}


class Skipping(nn.Module):
    """Normalized branches joined by skip connections, each of them a stage or two."""

    def __init__(self, axes: int, levels: int) -> None:
        super().__init__()
        conv = CONVOLUTIONS[axes - 1]
        self.before = nn.ModuleList(conv(2, 2, 3, padding=1) for _ in range(levels))
        self.behind = nn.ModuleList(conv(4, 2, 2, padding=1) for _ in range(levels))
        self.norms = nn.ModuleList(nn.GroupNorm(1, 2, eps=0.1) for _ in range(levels))

    def forward(self, x: Tensor) -> Tensor:
        for before, norm, behind in zip(self.before, self.norms, self.behind, strict=True):
            x = behind(torch.cat((norm(before(x)).tanh(), x), 1))
        return x


@pytest.fixture(autouse=True)
def late_workers_that_keep_even_what_is_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wholefield.streaming.planning.kept_activations.LEAST_WORK", 0)
    hand_on, chance = HandedOn.put, random.Random(3)

    def late(*args: Any) -> None:
        if chance.random() < 0.05:
            threading.Event().wait(chance.random() * 1e-3)
        hand_on(*args)

    monkeypatch.setattr(HandedOn, "put", late)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(data=st.data(), axes=st.integers(1, 3), levels=st.integers(1, 2), workers=st.integers(1, 3))
def test_no_setting_changes_what_is_computed(
    project: Callable[..., object],
    same: Callable[..., None],
    data: st.DataObject,
    axes: int,
    levels: int,
    workers: int,
) -> None:
    """Tiles, blocks, workers, and where halos, blocks and maps are kept only change where the values live."""
    shape = [data.draw(st.integers(3, SIZES[axes]), "length") for _ in range(axes)]
    tile = [data.draw(st.integers(max(1, length // 4), length), "tile") for length in shape]
    network = Skipping(axes, levels).double()
    x = torch.randn(data.draw(st.integers(1, 2), "batch"), 2, *shape, dtype=torch.float64)
    with tempfile.TemporaryDirectory() as folder:
        maps = data.draw(st.sampled_from([None, 0, 1_000]), "maps in memory")
        streamed = Streamed(
            network,
            tile,
            smallest_block=data.draw(st.sampled_from([1, 2, 3, 8, 32]), "smallest block"),
            halo_budget=data.draw(st.sampled_from([None, 0, 500]), "halos in memory"),
            keep_budget=data.draw(st.sampled_from([0, 2_000, 10**9]), "blocks kept"),
            spill=None if maps is None else Spill(folder, maps),
            workers=workers,
            deterministic=data.draw(st.booleans(), "deterministic"),
        )
        same(project(streamed, x), project(network, x), 1e-11)
