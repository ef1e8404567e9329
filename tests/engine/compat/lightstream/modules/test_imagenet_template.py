"""ImageNetClassifier in its released form: a streaming module, a head, a loss, and steps of its own."""

from collections.abc import Callable

import lightning as L
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from wholefield.compat.lightstream import ImageNetClassifier, StreamingModule
from wholefield.errors import SettingError

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*in eval mode at the start of training.*"),
    pytest.mark.filterwarnings("ignore:.*have no `val_dataloader`.*"),
]


@pytest.fixture
def streamed(backbone: nn.Sequential) -> StreamingModule:
    return StreamingModule(backbone, 24)


@pytest.mark.parametrize("every", [1, 2, 3])
def test_steps_are_those_of_the_plain_network(
    streamed: StreamingModule,
    backbone: nn.Sequential,
    head: nn.Sequential,
    batches: list[tuple[Tensor, Tensor]],
    fit: Callable[..., list[dict[str, Tensor]]],
    same: Callable[..., None],
    every: int,
) -> None:
    doubles = [(image.double(), target) for image, target in batches]
    model = ImageNetClassifier(
        streamed, head, functional.cross_entropy, accumulate_grad_batches=every
    ).double()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = fit(model, doubles, precision="64-true")
    model.load_state_dict(before)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=1e-5)
    assert len(found) == len(doubles) // every
    optimizer.zero_grad()
    for count, (image, target) in enumerate(doubles, start=1):
        (functional.cross_entropy(head(backbone.eval()(image)), target) / every).backward()
        if count % every == 0:
            same(found[count // every - 1], {name: p.grad for name, p in model.named_parameters()}, 1e-10)
            optimizer.step()
            optimizer.zero_grad()


def test_released_and_documented_arguments(streamed: StreamingModule, head: nn.Module) -> None:
    released = ImageNetClassifier(streamed, head, nn.CrossEntropyLoss())
    assert released.accumulate_grad_batches == 2
    assert not released.automatic_optimization
    assert released.tile_size == 24
    assert released.stream_network is streamed.stream_network
    optimizer = released.configure_optimizers()
    assert isinstance(optimizer, torch.optim.AdamW)
    assert (optimizer.defaults["lr"], optimizer.defaults["weight_decay"]) == (1e-4, 1e-5)
    by_position = ImageNetClassifier(streamed, head, functional.cross_entropy, 5)
    assert by_position.accumulate_grad_batches == 5
    assert by_position.loss_fn is functional.cross_entropy
    by_name = ImageNetClassifier(
        stream_net=streamed, head=head, loss_fn=functional.cross_entropy, accumulate_grad_batches=3
    )
    assert by_name.accumulate_grad_batches == 3
    assert by_name.loss_fn is functional.cross_entropy
    documented = ImageNetClassifier(nn.Conv2d(3, 4, 3), head, 32, functional.cross_entropy)
    assert documented.accumulate_grad_batches is None
    assert documented.automatic_optimization
    with pytest.raises(SettingError, match="has no tile_size"):
        ImageNetClassifier(nn.Conv2d(3, 4, 3), head, loss_fn=functional.cross_entropy)


def test_validation_logs_the_loss(
    streamed: StreamingModule,
    backbone: nn.Sequential,
    head: nn.Sequential,
    batches: list[tuple[Tensor, Tensor]],
) -> None:
    model = ImageNetClassifier(streamed, head, functional.cross_entropy, accumulate_grad_batches=1)
    trainer = L.Trainer(
        accelerator="cpu", devices=1, logger=False, enable_progress_bar=False, enable_checkpointing=False
    )
    loader: DataLoader[tuple[Tensor, Tensor]] = DataLoader(batches[:1], batch_size=None)  # type: ignore[arg-type]
    (logged,) = trainer.validate(model, loader, verbose=False)
    image, target = batches[0]
    wanted = functional.cross_entropy(head(backbone.eval()(image)), target)
    assert logged["val_loss"] == pytest.approx(wanted.item(), rel=1e-4)
