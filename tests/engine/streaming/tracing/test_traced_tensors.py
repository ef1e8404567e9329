"""Networks that write in place and look at the same memory twice: streamed exactly or refused, never wrong."""

from typing import Any

import torch
from hypothesis import HealthCheck, assume, event, given, settings, strategies as st
from torch import Tensor, nn
from torch.nn import functional

from tests.parts import part
from wholefield.streaming import NotLocalError, Streamed

Step = tuple[str, int, int]

IN_PLACE = ["activate", "add", "scale", "slice"]
VIEWS = ["drop nothing", "permute and back", "view", "contiguous", "part", "to its type"]
FRESH = ["convolve", "pool", "rearrange", "tanh"]


class Careless(nn.Module):
    """Follows a list of steps, each on some earlier result."""

    def __init__(self, steps: list[Step]) -> None:
        super().__init__()
        self.steps = steps
        self.convolve = nn.Conv2d(2, 2, 3, padding=1)
        self.last = nn.Conv2d(2, 2, 3, padding=1, stride=2)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        results = [x]
        for kind, first, second in self.steps:
            one, other = results[first % len(results)], results[second % len(results)]
            results += self._step(kind, one, other)
        return self.last(results[-1]), results[len(results) // 2], results[-1]

    def _step(self, kind: str, one: Tensor, other: Tensor) -> list[Tensor]:
        match kind:
            case "activate":
                return [functional.leaky_relu(one, 0.1, inplace=True)]
            case "add":
                one.add_(other)
                return []
            case "scale":
                one *= part(self, "convolve.bias").view(1, 2, 1, 1) + 2
                return []
            case "slice":
                one[:, :1].mul_(2)
                return []
            case "drop nothing":
                return [functional.dropout(one, training=False)]
            case "permute and back":
                return [one.permute(0, 2, 3, 1).permute(0, 3, 1, 2)]
            case "view":
                return [one.view(one.shape)]
            case "contiguous":
                return [one.contiguous()]
            case "part":
                return [torch.cat(one.split([1, 1], 1)[::-1], 1)]
            case "to its type":
                return [one.to(one.dtype)]
            case "convolve":
                return [self.convolve(one)]
            case "pool":
                return [functional.max_pool2d(one, 3, 1, 1)]
            case "rearrange":
                return [one.flip(1) + other]
            case _:
                return [one.tanh()]


STEPS = st.lists(
    st.tuples(st.sampled_from(FRESH + IN_PLACE + VIEWS), st.integers(0, 9), st.integers(0, 9)),
    min_size=2,
    max_size=7,
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)
@given(
    steps=STEPS,
    tile=st.sampled_from([2, 3, 5, (4, 20), 30]),
    smallest_block=st.sampled_from([1, 4, 16]),
)
def test_writing_in_place(steps: list[Step], tile: Any, smallest_block: int, project: Any, same: Any) -> None:
    network = Careless(steps).double()
    x = torch.randn(2, 2, 9, 13, dtype=torch.float64)
    try:
        expected = project(network, x)
    except RuntimeError:
        # The plain network writes over what its own backward needs.
        assume(False)
    try:
        found = project(Streamed(network, tile, smallest_block=smallest_block), x)
    except NotLocalError:
        event("refused")
        return
    event("streamed")
    same(found, expected, 1e-11)
