"""Which form of a model is meant, by position and by name."""

from typing import Any

import pytest
from torch import Tensor, nn
from torch.nn import functional

from wholefield.compat.lightstream.models.options import by_name

DOCUMENTED = ("loss_fn", "train_streaming_layers", "metrics")
RELEASED = ("additional_modules", "remove_last_block")


class OwnLoss(nn.Module):
    """A loss that is a module of the user's own."""

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        return (output - target).square().mean()


@pytest.mark.parametrize("loss", [functional.cross_entropy, nn.CrossEntropyLoss(), OwnLoss()])
def test_a_loss_behind_the_tile_size_means_the_documented_form(loss: Any) -> None:
    found = by_name((loss, False), {"verbose": False}, DOCUMENTED, RELEASED)
    assert found == {"loss_fn": loss, "train_streaming_layers": False, "verbose": False}
    assert by_name((), {"loss_fn": loss}, DOCUMENTED, RELEASED) == {"loss_fn": loss}


def test_everything_else_means_the_released_form() -> None:
    pool = nn.Sequential(nn.MaxPool2d(2))
    found = by_name((pool, True, False, False, True), {}, DOCUMENTED, RELEASED)
    assert found == {
        "additional_modules": pool,
        "remove_last_block": True,
        "verbose": False,
        "deterministic": False,
        "saliency": True,
    }
    assert by_name((), {}, DOCUMENTED, RELEASED) == {"deterministic": True}
    assert by_name((None,), {}, DOCUMENTED, RELEASED)["additional_modules"] is None


def test_too_many_and_double_arguments_are_refused() -> None:
    with pytest.raises(TypeError, match="at most 5 positional arguments"):
        by_name((functional.cross_entropy, True, None, 1), {}, DOCUMENTED, RELEASED)
    with pytest.raises(TypeError, match="remove_last_block is given twice"):
        by_name((None, True), {"remove_last_block": True}, DOCUMENTED, RELEASED)
