"""A classifier with an attention head in place of its own."""

import torch

from tests.parts import part
from wholefield.networks import AttentionClassifier, convnext_tiny, small_cnn


def test_parts_equal_the_whole_and_only_the_new_head_learns() -> None:
    torch.manual_seed(0)
    net = AttentionClassifier(small_cnn(num_classes=2), 4).double().eval()
    image = torch.rand(1, 3, 120, 90, dtype=torch.float64)
    backbone, head = net.split()
    logits = net(image)
    torch.testing.assert_close(head(backbone(image)), logits)
    torch.testing.assert_close(head.class_map(backbone(image)).mean((2, 3)), logits)
    logits.sum().backward()
    assert all(value.grad is not None for value in net.head.parameters())
    assert not any(value.requires_grad for value in part(net, "base.head").parameters())
    assert part(net, "base.features.0.weight").grad is not None


def test_takes_the_width_of_the_backbone() -> None:
    with torch.device("meta"):
        assert AttentionClassifier(convnext_tiny(), 2).head.fc.weight.shape == (2, 768)
