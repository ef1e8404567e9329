"""For how many positions deep nodes wait where nobody says."""

import pytest
import torch
from torch import nn

from wholefield.streaming import Streamed, StreamingError, plan
from wholefield.streaming.execution.recurrence import lay_out
from wholefield.streaming.planning.block_size import HALO_ROOM, blocks_per_axis
from wholefield.streaming.planning.memory import saved_halo_bytes
from wholefield.streaming.tracing.program import Program
from wholefield.streaming.tracing.trace import trace

CPU = torch.device("cpu")


def traced(*size: int) -> Program:
    """A network whose deep maps hold many channels, traced for an image of some size."""
    convolution = nn.Conv2d if len(size) == 2 else nn.Conv3d
    layers = [convolution(c, 2 * c, 3, stride=2, padding=1) for c in (8, 16, 32, 64)]
    return trace(nn.Sequential(*layers), (1, 8, *size), torch.float32, CPU)


def halos(program: Program, blocks: tuple[int, ...]) -> int:
    return saved_halo_bytes(lay_out(program, (128, 128), blocks))


def test_the_longest_wait_for_which_there_is_room() -> None:
    found = {}
    for side in (1024, 6144, 8192):
        program = traced(side, side)
        blocks = found[side] = blocks_per_axis(program, (128, 128), None)
        assert blocks[0] == 32
        assert blocks[1] == 32 or halos(program, blocks) <= HALO_ROOM
        assert blocks[1] == 128 or halos(program, (32, 2 * blocks[1])) > HALO_ROOM
    assert found[1024] == (32, 128)
    assert found[8192] == (32, 32)


def test_volumes_wait_alike_along_all_axes() -> None:
    assert blocks_per_axis(traced(64, 64, 64), (32, 32, 32), None) == (32, 32, 32)


def test_what_is_asked_for_is_done() -> None:
    program = traced(256, 256)
    assert blocks_per_axis(program, (128, 128), 7) == (7, 7)
    assert blocks_per_axis(program, (128, 128), (8, 200)) == (8, 200)
    network, shape = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3, stride=2)), (1, 3, 256, 256)
    eager, patient = (plan(network, shape, 32, smallest_block=b).memory for b in (1, (1, 64)))
    assert eager.halos < patient.halos


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        (0, r"The smallest block \(0, 0\) is not positive; use at least 1, usually 32 to 128"),
        ((8, 8, 8), r"The smallest block \(8, 8, 8\) has 3 numbers; the image has 2 axes"),
        (1.5, r"The smallest block 1.5 is neither a whole number nor one per axis; use for example 32"),
    ],
)
def test_what_cannot_be_is_refused(wanted: object, sentence: str) -> None:
    network = Streamed(nn.Conv2d(3, 4, 3), 16, smallest_block=wanted)  # type: ignore[arg-type]
    with pytest.raises(StreamingError, match=sentence):
        network(torch.zeros(1, 3, 40, 40))
