"""Loss and metrics of a segmenter, against loops over the pixels."""

import numpy as np
import pytest
import torch

from wholefield.tasks.slides.masks import IGNORED
from wholefield.tasks.slides.pixel_loss import confusion
from wholefield.tasks.slides.segment import mean_dice
from wholefield.training.settings import ClassWeighting


def test_confusion_counts_pairs() -> None:
    random = np.random.default_rng(0)
    found, wanted = random.integers(0, 3, (2, 1, 9, 7))
    wanted[0, 2:4] = IGNORED
    expected = np.zeros((3, 3), int)
    for f, w in zip(found.flat, wanted.flat, strict=True):
        if w != IGNORED:
            expected[w, f] += 1
    assert confusion(torch.tensor(found), torch.tensor(wanted), 3).tolist() == expected.tolist()


def test_dice_is_the_mean_over_the_classes_that_occur() -> None:
    table = torch.tensor([[50, 2, 0, 0], [4, 20, 1, 0], [0, 3, 7, 0], [0, 0, 0, 0]])
    first, second = 2 * 20 / (25 + 25), 2 * 7 / (10 + 8)
    assert mean_dice(table) == pytest.approx((first + second) / 2)
    assert mean_dice(torch.tensor([[5, 0], [0, 0]])) == 1.0
    assert mean_dice(torch.tensor([[5, 3], [0, 0]])) == 0.0


def test_weights_give_every_class_the_same_say() -> None:
    weights = ClassWeighting.BALANCED.weights((60, 30, 0, 10))
    assert [w * n for w, n in zip(weights, (60, 30, 0, 10), strict=True)] == pytest.approx(
        [100 / 3, 100 / 3, 0, 100 / 3]
    )
