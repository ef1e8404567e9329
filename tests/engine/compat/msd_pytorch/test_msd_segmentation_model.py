"""Segmentation: labels, their loss, ignored and weighted ones."""

import pytest
import torch

from tests.engine.compat.msd_pytorch.cases import learn_faster
from wholefield.compat.msd_pytorch import LabelError, MSDSegmentationModel


def test_segmentation_learns_and_gives_log_probabilities() -> None:
    torch.manual_seed(0)
    image = torch.randn(2, 1, 16, 16)
    labels = (image > 0.5).long() + (image > -0.5).long()
    model = MSDSegmentationModel(1, 3, 4, 2)
    model.set_normalization([(image, labels)])
    learn_faster(model)
    model.train([(image, labels)], 80)
    output = model.get_output()
    assert output is not None
    torch.testing.assert_close(output.exp().sum(1), torch.ones(2, 16, 16))
    assert (output.argmax(1) == labels[:, 0]).float().mean() > 0.9
    assert model.validate([(image, labels.float())]) == pytest.approx(model.validate([(image, labels)]))


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [(3, LabelError, "0 to 2"), (-1, ValueError, "-1"), (0.5, ValueError, "whole numbers")],
)
def test_wrong_labels_are_refused(value: float, error: type[Exception], words: str) -> None:
    model = MSDSegmentationModel(1, 3, 1, 1)
    with pytest.raises(error, match=words):
        model.set_target(torch.full((1, 1, 4, 4), value))


def test_labels_need_one_channel() -> None:
    for shape in ((1, 2, 4, 4), (1, 4, 4)):
        with pytest.raises(RuntimeError, match="one channel"):
            MSDSegmentationModel(1, 3, 1, 1).set_target(torch.zeros(shape))


def test_ignored_labels_do_not_count_and_classes_are_weighed() -> None:
    image, labels = torch.randn(1, 1, 6, 6), torch.zeros(1, 1, 6, 6)
    labels[..., 3:] = 9
    labels[..., 0, :3] = 1
    model = MSDSegmentationModel(1, 2, 1, 1, class_weights=[1, 5], ignore_label=9)
    assert model.msd.final_layer.linear.bias is not None
    with torch.no_grad():
        model.msd.final_layer.linear.bias.copy_(torch.tensor([1.0, -1.0]))
    logs = torch.log_softmax(torch.tensor([1.0, -1.0]), 0)
    expected = -(15 * logs[0] + 5 * 3 * logs[1]) / (15 + 5 * 3)
    assert model.forward(image, labels).item() == pytest.approx(expected.item(), rel=1e-5)
