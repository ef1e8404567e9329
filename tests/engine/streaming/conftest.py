"""Comparing a streamed network with the plain one: outputs and every gradient, in double precision."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from wholefield.streaming import Streamed
from wholefield.streaming.planning.kept_activations import KEEP_BUDGET

Gradients = dict[str, Tensor | None]


@pytest.fixture(autouse=True)
def one_thread_and_a_seed() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(20261121)
    yield
    torch.set_num_threads(threads)


def outputs_and_gradients(
    module: nn.Module, image: Tensor, *, image_learns: bool = True
) -> tuple[list[Tensor], Gradients]:
    """The tensors that a module returns, and the gradients of a fixed random projection of them."""
    leaf = image.detach().clone().requires_grad_(image_learns)
    module.zero_grad(set_to_none=True)
    # A network may begin with an in-place operation, which torch forbids on a leaf.
    results = [leaf for leaf in tree_leaves(module(leaf * 1)) if isinstance(leaf, Tensor)]
    source = torch.Generator().manual_seed(5)
    total = torch.zeros((), dtype=torch.float64, device=image.device)
    for result in results:
        weights = torch.randn(result.shape, generator=source, dtype=torch.float64).to(image.device)
        if result.requires_grad:
            total = total + (result * weights).sum()
    total.backward()
    gradients = {name.removeprefix("network."): p.grad for name, p in module.named_parameters()}
    return [result.detach() for result in results], gradients | {"image": leaf.grad}


def close(found: Tensor | None, expected: Tensor | None, tolerance: float, what: str) -> None:
    """Compare relative to the largest value expected."""
    assert (found is None) == (expected is None), f"{what}: {found} instead of {expected}"
    if found is None or expected is None:
        return
    assert found.shape == expected.shape, what
    assert found.dtype == expected.dtype, what
    if not expected.dtype.is_floating_point:
        assert torch.equal(found, expected), what
        return
    largest = expected.abs().max().item() if expected.numel() else 0.0
    error = (found - expected).abs().max().item() if expected.numel() else 0.0
    assert error <= tolerance * (largest if largest > 1e-9 else 1.0), f"{what}: {error:.2e} of {largest:.2e}"


def assert_same(found: Any, expected: Any, tolerance: float) -> None:
    results, gradients = found
    wanted_results, wanted_gradients = expected
    assert len(results) == len(wanted_results)
    for k, (result, wanted) in enumerate(zip(results, wanted_results, strict=True)):
        close(result, wanted, tolerance, f"output {k}")
    assert gradients.keys() == wanted_gradients.keys()
    for name, wanted in wanted_gradients.items():
        close(gradients[name], wanted, tolerance, f"gradient of {name}")


@pytest.fixture(scope="session")
def exact() -> Callable[..., None]:
    """Assert that a streamed network gives what the plain one does, at each of several tile sizes.

    Without a number of workers the last of the tile sizes is tried with three as well.
    """

    def check(
        network: nn.Module,
        image: Tensor,
        *tiles: int | Sequence[int],
        smallest_block: int = 1,
        keep_budget: int = KEEP_BUDGET,
        tolerance: float = 1e-12,
        workers: int | None = None,
    ) -> None:
        expected = outputs_and_gradients(network, image)
        crews = [(tile, workers or 1) for tile in tiles] + ([] if workers else [(tiles[-1], 3)])
        for tile, crew in crews:
            streamed = Streamed(
                network, tile, smallest_block=smallest_block, keep_budget=keep_budget, workers=crew
            )
            assert_same(outputs_and_gradients(streamed, image), expected, tolerance)

    return check


@pytest.fixture(scope="session")
def project() -> Callable[..., tuple[list[Tensor], Gradients]]:
    return outputs_and_gradients


@pytest.fixture(scope="session")
def same() -> Callable[..., None]:
    return assert_same
