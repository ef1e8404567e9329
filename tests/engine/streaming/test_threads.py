"""Networks that are streamed in several threads at once."""

import threading
from typing import Any

import torch
from torch import Tensor

from tests.engine.streaming.layers import small
from wholefield.streaming import Streamed


def image(**options: Any) -> Tensor:
    return torch.randn(1, 2, 21, 34, **options)


def test_threads_stream_side_by_side() -> None:
    networks = [small().double() for _ in range(4)]
    images = [image(dtype=torch.float64) for _ in networks]
    found: dict[int, list[Tensor]] = {}

    def work(k: int) -> None:
        torch.set_num_threads(1)
        for _ in range(3):
            networks[k].zero_grad()
            y = Streamed(networks[k], 6)(images[k])
            y.square().sum().backward()
        found[k] = [y.detach(), *(p.grad for p in networks[k].parameters() if p.grad is not None)]

    run_together([threading.Thread(target=work, args=(k,)) for k in range(4)])
    for k, network in enumerate(networks):
        network.zero_grad()
        y = network(images[k])
        y.square().sum().backward()
        for one, other in zip(found[k], [y, *(p.grad for p in network.parameters())], strict=True):
            assert torch.allclose(one, other, rtol=1e-11, atol=1e-11)


def test_threads_share_one_network() -> None:
    """A prediction may run while the same network is being traced for another."""
    network = small().double()
    images = [image(dtype=torch.float64) for _ in range(4)]
    expected = [network(x).detach() for x in images]
    wrong: list[int] = []

    def work(k: int) -> None:
        torch.set_num_threads(1)
        with torch.no_grad():
            for turn in range(6):
                y = network(images[k]) if (turn + k) % 2 else Streamed(network, 6)(images[k])
                if not torch.allclose(y, expected[k], atol=1e-12):
                    wrong.append(k)

    run_together([threading.Thread(target=work, args=(k,)) for k in range(4)])
    assert not wrong


def run_together(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
