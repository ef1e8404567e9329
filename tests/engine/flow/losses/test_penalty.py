"""The Charbonnier penalty."""

import torch

from wholefield.flow.losses.penalty import charbonnier


def test_formula_and_gradient() -> None:
    x = torch.tensor([0.0, 1e-3, -2.0, 7.5], dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(charbonnier(x), (x**2 + 1e-6) ** 0.45)
    torch.testing.assert_close(charbonnier(x, 0.5, 0.1), torch.sqrt(x**2 + 0.01))
    assert torch.autograd.gradcheck(charbonnier, (x,))
