"""The module as its users hold it: progress and canceling, backward rules, copies, memory."""

import copy
import io
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from tests.engine.streaming.layers import small
from tests.parts import gradient, part
from wholefield.streaming import Streamed, StreamingError, Sweep, TileVisit
from wholefield.streaming.execution import back_propagation, sweep as sweep_module
from wholefield.streaming.execution.host_memory import Shelf


def image(**options: Any) -> Tensor:
    return torch.randn(1, 2, 21, 34, **options)


class Canceled(Exception):
    pass


def test_progress_is_in_raster_order_and_back() -> None:
    visits: list[TileVisit] = []
    streamed = Streamed(small(), (8, 16), on_tile=visits.append)
    streamed(image()).sum().backward()
    forward = [(row, column) for row in range(3) for column in range(3)]
    assert [visit.index for visit in visits] == forward + forward[::-1]
    assert [visit.sweep for visit in visits] == [Sweep.FORWARD] * 9 + [Sweep.REVERSE] * 9
    assert {visit.counts for visit in visits} == {(3, 3)}
    assert visits[0].box == ((0, 8), (0, 16))
    assert visits[8].box == ((16, 21), (32, 34))
    assert visits[9].box == visits[8].box


def test_progress_of_one_and_of_three_axes() -> None:
    seen: list[TileVisit] = []
    Streamed(nn.Conv1d(2, 2, 3), 10, on_tile=seen.append)(torch.randn(1, 2, 25))
    assert [visit.box for visit in seen] == [((0, 10),), ((10, 20),), ((20, 25),)]
    seen.clear()
    Streamed(nn.Conv3d(2, 2, 3), (9, 4, 3), on_tile=seen.append)(torch.randn(1, 2, 5, 6, 7))
    assert [visit.index for visit in seen] == [(0, i, j) for i in range(2) for j in range(3)]


@pytest.mark.parametrize("sweep", Sweep)
@pytest.mark.parametrize("error", [Canceled("stop"), KeyboardInterrupt(), SystemExit(3)])
def test_an_exception_in_the_callback_cancels_and_keeps_its_type(
    sweep: Sweep, error: BaseException, exact: Callable[..., None]
) -> None:
    network = small().double()
    count = 0

    def stop(visit: TileVisit) -> None:
        nonlocal count
        count += 1
        if visit.sweep is sweep and visit.index == (1, 1):
            raise error

    streamed = Streamed(network, 8, on_tile=stop)
    x = image(dtype=torch.float64, requires_grad=True)
    with pytest.raises(type(error)) as caught:
        streamed(x).sum().backward()
    assert caught.value is error
    assert count == (7 if sweep is Sweep.FORWARD else 15 + 9)
    assert x.grad is None
    assert all(p.grad is None for p in network.parameters())
    streamed.on_tile = None
    found = streamed(x)
    assert torch.allclose(found, network(x), atol=1e-13)
    exact(network, x.detach(), 8)


def test_a_second_backward_is_refused() -> None:
    streamed = Streamed(small(), 8)
    y = streamed(image())
    y.sum().backward(retain_graph=True)
    with pytest.raises(StreamingError, match="already back-propagated; run its forward again"):
        y.sum().backward()
    z = streamed(image())
    z.sum().backward()
    with pytest.raises(RuntimeError, match="second time"):
        z.sum().backward()


def test_a_gradient_of_a_gradient_is_refused() -> None:
    x = image(requires_grad=True)
    loss = Streamed(small(), 8)(x).square().sum()
    with pytest.raises(StreamingError, match="first derivatives only"):
        torch.autograd.grad(loss, x, create_graph=True)


@pytest.mark.parametrize("what", ["image", "weight"])
def test_writing_over_what_the_reverse_sweep_needs_is_noticed(what: str) -> None:
    network = small()
    x = image()
    y = Streamed(network, 8)(x)
    with torch.no_grad():
        (x if what == "image" else part(network, "0.weight")).mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_several_forwards_before_one_backward() -> None:
    network = small().double()
    streamed = Streamed(network, 8)
    first, second = image(dtype=torch.float64), image(dtype=torch.float64)
    (streamed(first).sum() + 2 * streamed(second).square().sum()).backward()
    found = [gradient(p).clone() for p in network.parameters()]
    network.zero_grad()
    (network(first).sum() + 2 * network(second).square().sum()).backward()
    for grad, parameter in zip(found, network.parameters(), strict=True):
        assert torch.allclose(grad, gradient(parameter), rtol=1e-12, atol=1e-11)


def test_a_streamed_network_behind_another(exact: Callable[..., None]) -> None:
    first, second = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 3, 3, stride=2)
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
    plain = nn.Sequential(first, second, head).double()
    streamed = nn.Sequential(Streamed(first, 8), Streamed(second, (5, 9)), head)
    x = image(dtype=torch.float64)
    plain(x).square().sum().backward()
    expected = [gradient(p).clone() for p in plain.parameters()]
    plain.zero_grad()
    streamed(x).square().sum().backward()
    for parameter, grad in zip(plain.parameters(), expected, strict=True):
        assert parameter.grad is not None
        assert (parameter.grad - grad).abs().max() <= 1e-12 * grad.abs().max()


def test_a_streamed_network_inside_another_is_streamed_with_it(exact: Callable[..., None]) -> None:
    inner = nn.Conv2d(2, 4, 3, padding=1)
    network = nn.Sequential(Streamed(inner, 5), nn.GELU(), Streamed(nn.Conv2d(4, 2, 3, 2), 3)).double()
    visits: list[TileVisit] = []
    part(network, "0").on_tile = visits.append
    plain = nn.Sequential(inner, nn.GELU(), part(network, "2.network"))
    x = image(dtype=torch.float64)
    found = Streamed(network, 8)(x)
    assert not visits
    assert torch.allclose(found, plain(x), atol=1e-13)
    exact(network, x, 8)


def test_state_dict_has_the_names_of_the_network() -> None:
    network = small()
    streamed = Streamed(network, 8)
    assert list(streamed.state_dict()) == [f"network.{key}" for key in network.state_dict()]
    other = Streamed(small(), 16)
    other.load_state_dict(streamed.state_dict())
    x = image()
    assert torch.allclose(other(x), streamed(x), atol=1e-6)


@pytest.mark.parametrize("used", [False, True])
def test_copies(used: bool) -> None:
    streamed = Streamed(small(), (8, 16), smallest_block=4)
    x = image()
    if used:
        streamed(x).sum().backward()
    for twin in (copy.deepcopy(streamed), pickle.loads(pickle.dumps(streamed)), _saved(streamed)):
        assert (twin.tile_size, twin.smallest_block) == ((8, 16), 4)
        assert torch.equal(twin(x), streamed(x))
        with torch.no_grad():
            next(twin.parameters()).add_(1)
        assert not torch.allclose(twin(x), streamed(x))


def _saved(module: nn.Module) -> Any:
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


def test_without_gradients_no_halo_outlives_the_next_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    alive = _halos_alive(monkeypatch)
    network = nn.Sequential(*[nn.Conv2d(2, 2, 3, padding=1) for _ in range(4)])
    x = torch.randn(1, 2, 64, 64)
    with torch.no_grad():
        Streamed(network, 8, smallest_block=1)(x)
    # A row of eight tiles above and one tile to the left, for three nodes; 64 tiles make 384 halos.
    assert max(alive) <= 3 * (8 + 4)
    alive.clear()
    frozen = network.requires_grad_(False)
    Streamed(frozen, 8, smallest_block=1)(x)
    assert max(alive) <= 3 * (8 + 4)


def test_the_reverse_sweep_lets_go_of_halos_as_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    alive = _halos_alive(monkeypatch)
    network = nn.Sequential(*[nn.Conv2d(2, 2, 3, padding=1) for _ in range(4)])
    y = Streamed(network, 8, smallest_block=1)(torch.randn(1, 2, 64, 64))
    assert alive[-1] > 200
    y.sum().backward()
    del y
    assert alive[-1] <= 3 * (8 + 4)


def _halos_alive(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count, after every tile, the halos that were handed on and still live."""
    handed: list[weakref.ref[Tensor]] = []
    counts: list[int] = []
    module: Any = sweep_module
    compute, put = module.compute_tile, Shelf.put

    def handing(shelf: Shelf, tensor: Tensor) -> Tensor:
        copy = put(shelf, tensor)
        handed.append(weakref.ref(copy))
        return copy

    def counting(*args: Any, **kwargs: Any) -> Any:
        result = compute(*args, **kwargs)
        counts.append(sum(reference() is not None for reference in handed))
        return result

    monkeypatch.setattr(Shelf, "put", handing)
    monkeypatch.setattr(sweep_module, "compute_tile", counting)
    monkeypatch.setattr(back_propagation, "compute_tile", counting)
    return counts


def test_what_the_forward_stores_in_the_network_is_put_back() -> None:
    class Remembers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(2, 2, 3, padding=1)
            self.last: Tensor | None = None
            self.calls = 0

        def forward(self, x: Tensor) -> Tensor:
            self.last = self.conv(x)
            self.fresh = self.last * 2
            self.calls += 1
            return self.last

    network = Remembers()
    x = image()
    for _ in range(2):
        Streamed(network, 8)(x)
    assert network.last is None
    assert not hasattr(network, "fresh")
    assert network.calls == 2
    expected = network(x)
    assert network.last is expected


def test_each_forward_follows_the_settings_of_its_moment() -> None:
    class Switch(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.factor = 2.0
            self.offset = torch.zeros(1)
            self.register_buffer("done", torch.tensor(False))

        def forward(self, x: Tensor) -> Tensor:
            y = x * self.factor + self.offset
            return -y if self.done else y

    network = Switch()
    streamed = Streamed(nn.Sequential(network, nn.Dropout(0.5)).eval(), 8)
    x = image()
    assert torch.equal(streamed(x), 2 * x)
    network.factor = 3.0
    assert torch.equal(streamed(x), 3 * x)
    network.offset.add_(1)
    assert torch.equal(streamed(x), 3 * x + 1)
    network.offset = torch.full((1,), 5.0)
    assert torch.equal(streamed(x), 3 * x + 5)
    part(network, "done").fill_(True)
    assert torch.equal(streamed(x), -(3 * x + 5))
    streamed.train()
    assert (streamed(x) == 0).any()


def test_images_of_other_sizes_one_after_the_other() -> None:
    network = small().double()
    streamed = Streamed(network, 8)
    for height, width in [(9, 30), (30, 9), (2, 2), (9, 30)]:
        x = torch.randn(1, 2, height, width, dtype=torch.float64)
        assert torch.allclose(streamed(x), network(x), atol=1e-13)
    streamed.tile_size = (3, 50)
    assert torch.allclose(streamed(x), network(x), atol=1e-13)


class Checkpointed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.GELU(), nn.Conv2d(4, 2, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return x + checkpoint(self.body, x, use_reentrant=False)


def test_checkpoints_inside_the_network(exact: Callable[..., None]) -> None:
    exact(Checkpointed().double(), image(dtype=torch.float64), 8)


def test_branches_on_shapes_and_settings(exact: Callable[..., None]) -> None:
    class Padded(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(2, 2, 2, stride=2)
            self.depth = 2

        def forward(self, x: Tensor) -> Tensor:
            for level in range(self.depth):
                height, width = x.shape[-2:]
                if height % 2 or width % 2:
                    x = nn.functional.pad(x, (0, width % 2, 0, height % 2))
                x = self.conv(x) / (level + 1) + torch.tensor(float(x.shape[1]), dtype=x.dtype)
                assert len(x) == 1
                assert x.size(0) == 1
                assert x.dim() == 4
                assert x.device.type == "cpu"
                assert x.is_floating_point()
            return x

    exact(Padded().double(), image(dtype=torch.float64), 8)


def test_a_default_precision_of_double(exact: Callable[..., None]) -> None:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        network = nn.Sequential(
            nn.Conv2d(2, 2, 3), nn.AvgPool2d(3, 2, 1), nn.Upsample(scale_factor=1.5, mode="bilinear")
        )
        exact(network, image(), 8)
    finally:
        torch.set_default_dtype(before)


class Labeled(torch.Tensor):
    """A tensor with a name, as data libraries make them."""


def test_subclasses_of_tensor() -> None:
    network = small().double()
    x = image(dtype=torch.float64)
    found = Streamed(network, 8)(x.as_subclass(Labeled))
    assert torch.allclose(found.as_subclass(torch.Tensor), network(x), atol=1e-13)


def test_training_follows_the_plain_network() -> None:
    plain = small().double()
    twin = copy.deepcopy(plain)
    batches = [torch.randn(2, 2, 19, 23, dtype=torch.float64) for _ in range(5)]
    for network, module in ((plain, plain), (twin, Streamed(twin, 7))):
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
        for x in batches:
            optimizer.zero_grad()
            module(x).square().mean().backward()
            nn.utils.clip_grad_norm_(network.parameters(), 0.5)
            optimizer.step()
    for one, other in zip(plain.parameters(), twin.parameters(), strict=True):
        assert torch.allclose(one, other, rtol=0, atol=1e-10)


def test_gradients_accumulate() -> None:
    network = small().double()
    streamed = Streamed(network, 8)
    x = image(dtype=torch.float64)
    streamed(x).sum().backward()
    once = [gradient(p).clone() for p in network.parameters()]
    streamed(x).sum().backward()
    for parameter, grad in zip(network.parameters(), once, strict=True):
        assert torch.allclose(gradient(parameter), 2 * grad, rtol=1e-12)


def test_gradients_keep_the_memory_format_of_their_parameters() -> None:
    network = small()
    streamed = Streamed(network, 8)
    streamed(image()).sum().backward()
    for parameter in network.parameters():
        assert parameter.grad is not None
        assert parameter.grad.stride() == parameter.stride()
