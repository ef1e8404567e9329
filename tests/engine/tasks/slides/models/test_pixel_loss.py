"""Loss and table of a streamed segmentation: those of the plain network with torch's own cross entropy."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from wholefield.networks import unet
from wholefield.tasks.slides.data.masks import IGNORED
from wholefield.tasks.slides.models.pixel_loss import confusion
from wholefield.tasks.slides.models.segmenter import StreamedSegmenter

WEIGHTS = (0.5, 2.0, 1.25)


@pytest.mark.parametrize("tile", [16, 29, 200])
def test_equals_the_plain_network(tile: int) -> None:
    torch.manual_seed(0)
    segmenter = StreamedSegmenter(unet(2, 3, width=3, depth=2).double(), tile, WEIGHTS)
    image = torch.randn(1, 2, 61, 75, dtype=torch.float64)
    wanted = torch.randint(0, 3, (1, 61, 75))
    wanted[0, 5:20, 30:] = IGNORED
    parameters = list(segmenter.network.parameters())

    total, table = segmenter.judge(torch.cat([image, wanted[:, None].double()], 1))
    found = torch.autograd.grad(total / 7, parameters)
    logits = segmenter.network(image)
    weights = torch.tensor(WEIGHTS, dtype=torch.float64)
    expected = functional.cross_entropy(logits, wanted, weights, ignore_index=IGNORED, reduction="sum")

    assert float(total.detach()) == pytest.approx(float(expected.detach()), rel=1e-12)
    for one, other in zip(found, torch.autograd.grad(expected / 7, parameters), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-13)
    classes = logits.argmax(1)
    counts = [[int(((wanted == w) & (classes == c)).sum()) for c in range(3)] for w in range(3)]
    np.testing.assert_array_equal(table, counts)


def test_a_square_that_counts_for_nothing_gives_no_loss() -> None:
    segmenter = StreamedSegmenter(unet(1, 2, width=2, depth=1), 8, (1.0, 1.0))
    image = torch.cat([torch.randn(1, 1, 11, 9), torch.full((1, 1, 11, 9), float(IGNORED))], 1)
    total, table = segmenter.judge(image)
    total.backward()
    assert total == 0
    assert table.sum() == 0
    for parameter in segmenter.network.parameters():
        assert parameter.grad is not None
        assert parameter.grad.abs().max() == 0


def test_confusion_counts_pairs() -> None:
    random = np.random.default_rng(0)
    found, wanted = random.integers(0, 3, (2, 1, 9, 7))
    wanted[0, 2:4] = IGNORED
    expected = np.zeros((3, 3), int)
    for f, w in zip(found.flat, wanted.flat, strict=True):
        if w != IGNORED:
            expected[w, f] += 1
    assert confusion(torch.tensor(found), torch.tensor(wanted), 3).tolist() == expected.tolist()
