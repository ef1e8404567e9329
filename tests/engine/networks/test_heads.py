"""The pooled head: logits and class-activation map agree exactly."""

import pytest
import torch
from torch import nn

from tests.parts import part
from wholefield.networks import AttentionHead, GatedAttentionHead, GlobalAverageHead, NormedAverageHead


@pytest.mark.parametrize("positions", [(7,), (5, 9), (3, 1, 4)], ids=["1-D", "2-D", "3-D"])
class TestGlobalAverageHead:
    def test_logits_are_the_linear_layer_of_the_mean(self, positions: tuple[int, ...]) -> None:
        torch.manual_seed(1)
        head = GlobalAverageHead(6, 3).double()
        features = torch.randn(2, 6, *positions, dtype=torch.float64)
        mean = features.sum(dim=tuple(range(2, features.ndim))) / features[0, 0].numel()
        expected = torch.einsum("kc,bc->bk", head.fc.weight, mean) + head.fc.bias
        torch.testing.assert_close(head(features), expected, rtol=1e-13, atol=1e-14)

    def test_map_averages_to_the_logits(self, positions: tuple[int, ...]) -> None:
        torch.manual_seed(2)
        head = GlobalAverageHead(6, 3).double()
        features = torch.randn(2, 6, *positions, dtype=torch.float64)
        maps = head.class_map(features)
        assert maps.shape == (2, 3, *positions)
        torch.testing.assert_close(maps.flatten(2).mean(2), head(features), rtol=1e-12, atol=1e-13)


def test_map_is_local() -> None:
    head = GlobalAverageHead(4, 2).double()
    features = torch.zeros(1, 4, 5, 5, dtype=torch.float64)
    quiet = head.class_map(features)
    features[0, :, 2, 3] = 1
    changed = (head.class_map(features) - quiet).abs().sum(1)[0] > 0
    assert changed.nonzero().tolist() == [[2, 3]]


def test_takes_an_existing_layer() -> None:
    linear = nn.Linear(8, 5)
    head = GlobalAverageHead(linear)
    assert head.fc is linear
    assert head(torch.zeros(1, 8, 2, 2)).shape == (1, 5)


HEADS = {
    "normed": lambda: NormedAverageHead(nn.LayerNorm(6), nn.Linear(6, 3)),
    "attention": lambda: GatedAttentionHead(6, 3, hidden=4),
    "plain attention": lambda: AttentionHead(6, 3, hidden=4),
    "attention of each class": lambda: AttentionHead(6, 3, hidden=4, gated=True, per_class=True),
}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("positions", [(7,), (5, 9), (3, 1, 4)], ids=["1-D", "2-D", "3-D"])
def test_maps_of_other_heads_average_to_the_logits(name: str, positions: tuple[int, ...]) -> None:
    torch.manual_seed(3)
    head = HEADS[name]().double()
    for parameter in head.parameters():
        nn.init.normal_(parameter)
    features = torch.randn(2, 6, *positions, dtype=torch.float64)
    maps = head.class_map(features)
    assert maps.shape == (2, 3, *positions)
    torch.testing.assert_close(maps.flatten(2).mean(2), head(features), rtol=1e-11, atol=1e-12)


def test_normed_head_is_pooling_norm_and_layer() -> None:
    torch.manual_seed(4)
    head = HEADS["normed"]().double()
    nn.init.normal_(part(head, "norm.weight"))
    features = torch.randn(2, 6, 4, 3, dtype=torch.float64)
    torch.testing.assert_close(head(features), head.fc(part(head, "norm")(features.mean((2, 3)))))


def test_attention_follows_the_paper() -> None:
    torch.manual_seed(5)
    head = HEADS["attention"]().double()
    bag = torch.randn(9, 6, dtype=torch.float64)
    features, pool = bag.T.reshape(1, 6, 3, 3), part(head, "pool")
    with torch.no_grad():
        scores = [
            float(pool.score.weight @ (torch.tanh(pool.value(row)) * torch.sigmoid(pool.gate(row))))
            for row in bag
        ]
    weights = torch.tensor(scores, dtype=torch.float64).exp()
    weights /= weights.sum()
    torch.testing.assert_close(head(features)[0], head.fc(weights @ bag))


@pytest.mark.parametrize("classes", [1, 3])
def test_each_class_has_a_mean_of_its_own(classes: int) -> None:
    torch.manual_seed(6)
    head = AttentionHead(6, classes, hidden=4, per_class=True).double()
    features = torch.randn(2, 6, 3, 5, dtype=torch.float64)
    attention = torch.softmax(head.pool.score_map(features).flatten(2), 2)
    means = torch.einsum("bkn,bcn->bkc", attention, features.flatten(2))
    expected = torch.stack([means[:, k] @ head.fc.weight[k] for k in range(classes)], 1) + head.fc.bias
    torch.testing.assert_close(head(features), expected, rtol=1e-12, atol=1e-13)
