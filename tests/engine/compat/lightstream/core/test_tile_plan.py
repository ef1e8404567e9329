"""What is kept of a plan, and that it is refused for anything but its own network and tile size."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from torch import nn

from wholefield.compat.lightstream import StreamingCNN
from wholefield.compat.lightstream.core.tile_plan import (
    TilePlan,
    read_tile_cache,
    tile_plan,
    write_tile_cache,
)
from wholefield.networks.resnet import resnet18
from wholefield.networks.split import split_resnet
from wholefield.streaming import StreamingError

ROOT = Path(__file__).resolve().parents[5]
BUILD = """
import torch
from torch import nn
from wholefield.compat.lightstream.core.tile_plan import tile_plan
network = nn.Sequential(nn.Conv2d(3, 4, 5, stride=3, dilation=2), nn.ReLU(), nn.MaxPool2d(2))
print(tile_plan(network, (1, 3, 64, 64), torch.float32).network)
"""


def small(stride: int = 3, dilation: int = 2, pool: int = 2) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 5, stride=stride, dilation=dilation), nn.ReLU(), nn.MaxPool2d(pool))


def planned(network: nn.Module, *tile: int) -> TilePlan:
    return tile_plan(network, (1, 3, *tile), torch.float32)


def test_resnet18_has_the_known_geometry() -> None:
    backbone, _ = split_resnet(resnet18().eval())
    plan = planned(backbone, 600, 1600)
    assert plan.receptive_field == (435, 435)
    assert list(plan.stride) == [32, 32]
    assert [list(span) for span in plan.offset] == [[-217, 217], [-217, 217]]
    assert plan.tile_stride == (576, 1600)


@pytest.mark.parametrize(("tile", "stride"), [(1, 6), (5, 6), (6, 6), (11, 6), (12, 12), (64, 60)])
def test_tile_stride_is_whole_outputs_and_never_none(tile: int, stride: int) -> None:
    assert planned(small(), tile, tile).tile_stride == (stride, stride)


def test_upsampling_networks_have_fractional_strides() -> None:
    plan = planned(nn.Sequential(nn.Conv2d(3, 1, 3), nn.Upsample(scale_factor=2)), 7, 7)
    assert plan.stride == (Fraction(1, 2),) * 2
    assert plan.tile_stride == (7, 7)


def test_a_network_that_needs_more_than_a_tile() -> None:
    assert planned(nn.Conv2d(3, 1, 99), 4, 4).receptive_field == (99, 99)


def test_plain_form_round_trip() -> None:
    plan = planned(nn.Sequential(small(), nn.Upsample(scale_factor=4)), 64, 32)
    assert TilePlan.from_plain(json.loads(json.dumps(plan.to_plain()))) == plan


def test_the_digest_knows_the_network_and_not_the_process() -> None:
    digest = planned(small(), 64, 64).network
    done = subprocess.run([sys.executable, "-c", BUILD], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest
    longer = nn.Sequential(*small(), nn.ReLU())
    others = [small(stride=2), small(dilation=1), small(pool=3), longer]
    assert len({digest, *(planned(other, 64, 64).network for other in others)}) == 5


def test_a_cache_is_taken_by_its_own_network_and_refused_by_others() -> None:
    cache = StreamingCNN(small(), (1, 3, 64, 64)).get_tile_cache()
    streaming = StreamingCNN(small(), (1, 3, 64, 64), state_dict=cache)
    assert streaming.get_tile_cache() == cache
    with pytest.raises(StreamingError, match="was saved for another network; remove it"):
        StreamingCNN(small(stride=2), (1, 3, 64, 64), state_dict=cache)
    with pytest.raises(StreamingError, match=r"for tiles of \(64, 64\) pixels, not \(64, 32\); remove it"):
        StreamingCNN(small(), (1, 3, 64, 32), state_dict=cache)
    with pytest.raises(StreamingError, match="was not written by this program"):
        StreamingCNN(small(), (1, 3, 64, 64), state_dict={"net_stats": {}})


def test_the_plan_follows_the_tile_size() -> None:
    streaming = StreamingCNN(small(), (1, 3, 64, 64))
    assert streaming.plan.tile_stride == (60, 60)
    streaming.tile_shape = (1, 3, 20, 20)
    assert streaming.plan.tile_stride == (18, 18)


@pytest.mark.parametrize("content", [b"\x80\x02}q\x00.", b"[]", b'{"network": "a"}', b"null"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "cache").write_bytes(content)
    with pytest.raises(StreamingError, match="tile cache"):
        read_tile_cache(tmp_path / "cache")


def test_files(tmp_path: Path) -> None:
    plan = planned(small(), 64, 64).to_plain()
    write_tile_cache(tmp_path / "cache", plan)
    assert read_tile_cache(tmp_path / "cache") == plan
    with pytest.raises(StreamingError, match="nowhere for the tile cache does not exist; create it first"):
        write_tile_cache(tmp_path / "nowhere" / "cache", plan)
