"""One image over two processes: results and gradients as of one, who reads what, and ranks that differ or die."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
import zarr
from torch import nn

from tests.engine.streaming.conftest import assert_same, outputs_and_gradients
from tests.engine.streaming.execution.ranks import cases
from tests.engine.streaming.execution.ranks.cases import CASES
from tests.engine.streaming.execution.ranks.processes import Processes
from wholefield.streaming import Sweep


class Whole(nn.Module):
    """A network and a reduction of what it returns."""

    def __init__(self, network: nn.Module, reduction: nn.Module | None) -> None:
        super().__init__()
        self.network = network
        if reduction is not None:
            self.reduction = reduction

    def forward(self, x: torch.Tensor) -> object:
        y = self.network(x)
        return self.reduction(y) if hasattr(self, "reduction") else y


@pytest.fixture(scope="module")
def two() -> Iterator[Processes]:
    with Processes(2) as processes:
        yield processes


@pytest.mark.parametrize("name", CASES)
def test_two_ranks_find_what_one_does(name: str, two: Processes) -> None:
    network, reduction, image = CASES[name].build()
    expected = outputs_and_gradients(Whole(network, reduction), image)
    found = two.run(cases.streamed_case, name)
    for results, grads in found:
        as_tensors = [torch.from_numpy(x) for x in results]
        grads = {key: None if grad is None else torch.from_numpy(grad) for key, grad in grads.items()}
        assert_same((as_tensors, grads), expected, 1e-12)
    # To the last bit, or weights would drift apart.
    for one, other in zip(found[0][1].values(), found[1][1].values(), strict=True):
        assert np.array_equal(one, other)


def test_each_rank_reads_and_computes_its_rows_only(two: Processes) -> None:
    network, _, image = CASES["image"].build()
    network(image).square().sum().backward()
    for rank, (grads, boxes, tiles) in enumerate(two.run(cases.lazily)):
        for grad, parameter in zip(grads, network.parameters(), strict=True):
            assert parameter.grad is not None
            assert np.allclose(grad, parameter.grad.numpy(), rtol=1e-12, atol=1e-12)
        own = [tile for tile in product(range(5), range(4)) if tile[0] % 2 == rank]
        assert sorted(tiles) == sorted(own * 2)
        # Rows of 8 pixels and the two above them that the first convolution reads again.
        rows = [range(max(8 * i - 2, 0), 8 * i + 9) for i in range(rank, 5, 2)]
        assert all(any(start in row and stop in row for row in rows) for (start, stop), _ in boxes)
        assert len(boxes) == len(own) * 2


def test_ranks_write_their_rows_into_one_file(two: Processes, tmp_path: Path) -> None:
    network, _, image = CASES["image"].build()
    expected = network(image).detach().numpy()
    path = tmp_path / "output.npy"
    np.save(path, np.full_like(expected, np.nan))
    assert two.run(cases.written, path) == [None, None]
    assert np.allclose(np.load(path), expected, rtol=1e-12, atol=1e-12)
    zarr.create_array(tmp_path / "output.zarr", shape=expected.shape, chunks=(1, 1, 8, 8), dtype="f8")
    for answer in two.run(cases.written_in_chunks, tmp_path / "output.zarr"):
        assert "memory map" in answer


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("weights", "checksum of the weights"),
        ("tiles", "the same tile size: ("),
        ("learning", "tensors that get a gradient"),
        ("loss", "gradients of the output"),
    ],
)
def test_ranks_that_differ_are_told(what: str, words: str, two: Processes) -> None:
    for answer in two.run(cases.different, what):
        assert words in answer
        assert "same settings, weights and random seed" in answer


@pytest.mark.parametrize(("what", "words"), [("random", "Call eval()"), ("reduction", "Largest cannot")])
def test_what_several_processes_cannot_do(what: str, words: str, two: Processes) -> None:
    assert all(words in answer for answer in two.run(cases.unfit, what))


@pytest.mark.parametrize("sweep", Sweep)
def test_a_rank_that_stops_ends_the_others(sweep: Sweep, two: Processes) -> None:
    one, other = two.run(cases.ended_early, "raises", sweep)
    assert other == "The user has had enough."
    assert (
        one
        == "Rank 0 of 2 cannot go on alone. Rank 1 has ended: The user has had enough. Start all ranks again."
    )


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="the system has no such signals")
def test_a_rank_that_hangs_or_is_killed_ends_the_others() -> None:
    with Processes(2) as doomed:
        doomed.start(cases.ended_early, "SIGSTOP", Sweep.FORWARD)
        assert "Rank 1 has given no sign of life for 8 seconds" in doomed.answer(0)
        os.kill(doomed.processes[1].pid or 0, signal.SIGCONT)
        assert "Rank 0 has ended" in doomed.answer(1)
        doomed.start(cases.ended_early, "SIGKILL", Sweep.REVERSE)
        assert "Rank 0 of 2 cannot go on alone. A connection broke" in doomed.answer(0)


def test_the_example_of_the_documentation(tmp_path: Path) -> None:
    page = (Path(__file__).parents[5] / "docs" / "several-processes.md").read_text(encoding="utf-8")
    script = tmp_path / "train.py"
    script.write_text(page.split("```python\n")[1].split("```")[0], encoding="utf-8")
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]
    one, two = (
        subprocess.run([*run, n, str(script)], capture_output=True, text=True, check=True).stdout
        for n in "12"
    )
    assert "step 2" in one
    assert one == two
