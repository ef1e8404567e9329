"""The loss against labels."""

import pytest
import torch

from wholefield.flow.losses.supervised import supervised_loss


def test_the_right_flow_has_the_lowest_possible_loss() -> None:
    label = torch.full((2, 1, 2, 8, 8), 4.0).double()
    flows = [torch.full((2, 1, 2, 4, 4), 2.0).double(), label]
    assert float(supervised_loss(flows, label)) == pytest.approx(1e-6**0.45)
    assert float(supervised_loss([flows[0], label + 3], label)) == pytest.approx(
        ((9 + 1e-6) ** 0.45 + 1e-6**0.45) / 2
    )


def test_unknown_pixels_count_for_nothing() -> None:
    label = torch.zeros(1, 1, 2, 4, 4).double()
    label[..., 0, 0] = float("nan")
    flow = torch.zeros(1, 1, 2, 4, 4).double()
    flow[..., 0, 0] = 100
    flow.requires_grad_()
    loss = supervised_loss([flow], label)
    assert float(loss.detach()) == pytest.approx(1e-6**0.45)
    loss.backward()
    assert flow.grad is not None
    assert bool(torch.isfinite(flow.grad).all())
    assert float(supervised_loss([flow.detach()], label * float("nan"))) == 0


def test_gradients() -> None:
    torch.manual_seed(0)
    label = torch.randn(1, 1, 2, 4, 4).double()
    flows = [torch.randn(1, 1, 2, n, n).double().requires_grad_() for n in (2, 4)]
    assert torch.autograd.gradcheck(lambda a, b: supervised_loss([a, b], label), tuple(flows))
