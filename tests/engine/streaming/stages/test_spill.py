"""Maps between stages in files: the same results, nothing left behind, and a sentence where there is no room."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from tests.engine.streaming.layers import image
from wholefield.streaming import Spill, Streamed, StreamingError, TileVisit


@pytest.fixture
def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1), nn.InstanceNorm2d(4, affine=True), nn.ReLU(),
        nn.Conv2d(4, 4, 3, stride=2, padding=1), nn.GroupNorm(2, 4), nn.Conv2d(4, 2, 1),
        nn.BatchNorm2d(2), nn.Tanh(),
    ).double()  # fmt: skip


def opened_in(folder: Path) -> list[str]:
    """The files of a folder that this process has mapped; they have no name any more."""
    return [line for line in Path("/proc/self/maps").read_text().splitlines() if str(folder) in line]


@pytest.mark.parametrize("budget", [0, 20_000, 2**30])
@pytest.mark.parametrize("workers", [1, 3])
def test_outputs_and_gradients_do_not_depend_on_where_maps_are(
    network: nn.Module,
    budget: int,
    workers: int,
    tmp_path: Path,
    project: Callable[..., object],
    same: Callable[..., None],
) -> None:
    x = image(batch=2)
    streamed = Streamed(network, 7, workers=workers, spill=Spill(tmp_path, budget))
    same(project(streamed, x), project(network, x), 1e-12)
    assert not any(tmp_path.iterdir())


def test_float32_with_channels_last_and_autocast(network: nn.Module, tmp_path: Path) -> None:
    network.float().eval()
    x = image().float()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        found = Streamed(network, 8, spill=Spill(tmp_path, 0))(x)
        assert torch.equal(found, Streamed(network, 8)(x))


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_maps_are_in_files_during_the_pass_and_gone_behind_it(network: nn.Module, tmp_path: Path) -> None:
    seen: list[int] = []

    def look(visit: TileVisit) -> None:
        seen.append(len(opened_in(tmp_path)))

    streamed = Streamed(network, 16, spill=Spill(tmp_path, 0), on_tile=look)
    streamed(image()).sum().backward()
    # Three maps and the gradients of one or two.
    assert max(seen) >= 4
    assert not opened_in(tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_cancelled_pass_leaves_nothing(network: nn.Module, tmp_path: Path) -> None:
    visits: list[TileVisit] = []

    def cancel(visit: TileVisit) -> None:
        visits.append(visit)
        if len(visits) == 30:
            raise KeyboardInterrupt

    with torch.no_grad(), pytest.raises(KeyboardInterrupt):
        Streamed(network, 6, spill=Spill(tmp_path, 0), on_tile=cancel)(image())
    assert not any(tmp_path.iterdir())


def test_a_full_disk_is_a_sentence_before_anything_is_computed(
    network: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    visits: list[TileVisit] = []
    streamed = Streamed(network, 6, spill=Spill(tmp_path, 0), on_tile=visits.append)
    with pytest.raises(StreamingError, match=r"take .* on disk, but .* has 1 kB free"):
        streamed(image())
    assert not visits


def test_a_disk_that_fills_up_meanwhile_is_a_sentence(
    network: nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(StreamingError, match=r"between two stages .*No space left on device"):
        Streamed(network, 6, spill=Spill(tmp_path, 0))(image())


def test_a_missing_folder_is_a_sentence(network: nn.Module, tmp_path: Path) -> None:
    with pytest.raises(StreamingError, match="does not exist"):
        Streamed(network, 6, spill=Spill(tmp_path / "none", 0))(image())


def test_file_systems_that_cannot_take_space_are_filled_with_zeros(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(*_: int) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))

    monkeypatch.setattr(os, "posix_fallocate", unable, raising=False)
    room: Tensor = Spill(tmp_path).room((3, 5, 7), torch.float32, torch.contiguous_format)
    assert room.shape == (3, 5, 7)
    assert not room.any()
