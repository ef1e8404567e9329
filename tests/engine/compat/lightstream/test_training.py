"""Training through Lightning's Trainer: the steps of the plain network, in every precision, clipped, accumulated."""

import copy
from collections.abc import Callable
from typing import Any

import lightning as L
import pytest
import torch
from lightning.pytorch.plugins import MixedPrecision
from torch import Tensor, nn
from torch.nn import functional
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy

from tests.parts import gradient
from wholefield.compat.lightstream import BaseModule, ImageNetClassifier, StreamingModule

pytestmark = [
    # Frozen normalization is meant to be in evaluation mode.
    pytest.mark.filterwarnings("ignore:.*in eval mode at the start of training.*"),
    pytest.mark.filterwarnings("ignore:.*have no `val_dataloader`.*"),
]


class Plain(L.LightningModule):
    """The same network in one piece."""

    def __init__(self, backbone: nn.Sequential, head: nn.Module) -> None:
        super().__init__()
        self.stream_network = nn.ModuleDict({"stream_module": backbone})
        self.head = head

    def forward(self, image: Tensor) -> Tensor:
        return self.head(self.stream_network["stream_module"].eval()(image))

    def training_step(self, batch: Any, index: int) -> Tensor:
        return functional.cross_entropy(self(batch[0]), batch[1])

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.05)


class Streaming(BaseModule):
    """With an optimizer that shows clipping."""

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.params, lr=0.05)


def pair(backbone: nn.Sequential, head: nn.Sequential, **options: Any) -> tuple[Streaming, Plain]:
    plain = Plain(copy.deepcopy(backbone), copy.deepcopy(head))
    return Streaming(backbone, head, 24, functional.cross_entropy, **options), plain


def weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: p.detach() for name, p in module.named_parameters()}


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({}, 4),
        ({"accumulate_grad_batches": 2}, 2),
        ({"gradient_clip_val": 0.02, "gradient_clip_algorithm": "norm"}, 4),
        ({"gradient_clip_val": 0.003, "gradient_clip_algorithm": "value", "accumulate_grad_batches": 4}, 1),
    ],
    ids=["plain", "accumulated", "clipped by norm", "accumulated and clipped by value"],
)
def test_exactly_the_steps_of_the_plain_network(
    backbone: nn.Sequential,
    head: nn.Sequential,
    batches: Any,
    fit: Callable[..., Any],
    same: Callable[..., Any],
    options: Any,
    steps: int,
) -> None:
    streaming, plain = pair(backbone, head)
    double = [(image.double(), target) for image, target in batches]
    start = {name: value.clone() for name, value in weights(plain).items()}
    found, expected = (fit(m, double, precision="64-true", **options) for m in (streaming, plain))
    assert len(found) == len(expected) == steps
    for one, other in zip(found, expected, strict=True):
        same(one, other, 1e-12)
    same(weights(streaming), weights(plain), 1e-12)
    if "gradient_clip_val" in options:
        moved = max((weights(plain)[name] - start[name]).abs().max().item() for name in start)
        largest = max(grad.abs().max().item() for grads in expected for grad in grads.values())
        assert moved < 0.05 * steps * largest


# What is left of a number's own precision, times the sums over tiles.
TOLERANCES = {"32-true": 3e-6, "bf16-mixed": 8e-3, "bf16-true": 1.5e-2, "16-true": 1.5e-3}


def error(found: list[dict[str, Tensor]], expected: list[dict[str, Tensor]]) -> float:
    """Norm of the difference of all gradients of all steps, relative to that of the expected ones."""
    pairs = [(a[name].double(), b[name].double()) for a, b in zip(found, expected, strict=True) for name in b]
    difference = sum((one - other).square().sum().item() for one, other in pairs)
    return (difference / sum(other.square().sum().item() for _, other in pairs)) ** 0.5


@pytest.mark.parametrize("precision", TOLERANCES)
def test_every_precision_of_the_trainer(
    backbone: nn.Sequential, head: nn.Sequential, batches: Any, fit: Callable[..., Any], precision: Any
) -> None:
    streaming, plain = pair(backbone, head)
    exact = [(image.double(), target) for image, target in batches]
    truth = fit(copy.deepcopy(plain), exact, precision="64-true")
    found, expected = (fit(m, batches, precision=precision) for m in (streaming, plain))
    assert [grad.dtype for grad in found[0].values()] == [grad.dtype for grad in expected[0].values()]
    assert error(found, expected) < TOLERANCES[precision]
    # No further from the truth than the plain network is, up to chance.
    assert error(found, truth) < 2 * error(expected, truth) + 1e-6


def test_half_precision_with_its_scaler(
    backbone: nn.Sequential, head: nn.Sequential, batches: Any, fit: Callable[..., Any]
) -> None:
    """16-mixed: Lightning turns it into bf16-mixed on a CPU unless its plugin is given."""
    streaming, plain = pair(backbone, head)
    results = []
    for module in (streaming, plain):
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
        results.append(
            fit(module, batches, plugins=[MixedPrecision("16-mixed", "cpu", scaler)], gradient_clip_val=1.0)
        )
        assert scaler.get_scale() == 2.0**10
    assert len(results[0]) == 4
    assert error(*results) < 1.5e-3
    assert error([weights(streaming)], [weights(plain)]) < 1e-4


def test_a_scale_that_overflows_is_lowered_and_the_step_left_out(
    backbone: nn.Sequential,
    head: nn.Sequential,
    batches: Any,
    fit: Callable[..., Any],
    same: Callable[..., Any],
) -> None:
    streaming, _ = pair(backbone, head)
    start = copy.deepcopy(weights(streaming))
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**40)
    fit(streaming, batches[:1], plugins=[MixedPrecision("16-mixed", "cpu", scaler)])
    assert scaler.get_scale() == 2.0**39
    same(weights(streaming), start, 0.0)


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_saliency_while_training(
    backbone: nn.Sequential, head: nn.Sequential, batches: Any, fit: Callable[..., Any], precision: Any
) -> None:
    streaming, plain = pair(backbone, head, saliency=True)
    before = copy.deepcopy(plain)
    fit(streaming, batches[:1], precision=precision)
    image, target = batches[0]
    leaf = image.clone().requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision != "32-true"):
        loss = before.training_step((leaf, target), 0)
    loss.backward()
    found = streaming.stream_network.saliency_map
    assert found is not None
    assert found.shape == image.shape
    assert error([{"image": found}], [{"image": gradient(leaf)}]) < TOLERANCES[precision]


@pytest.mark.parametrize("options", [{"use_streaming": False}, {"train_streaming_layers": False}, {}])
def test_ways_not_to_stream_and_not_to_learn(
    backbone: nn.Sequential,
    head: nn.Sequential,
    batches: Any,
    fit: Callable[..., Any],
    same: Callable[..., Any],
    options: Any,
) -> None:
    streaming, plain = pair(backbone, head, **options)
    if not options:
        streaming.disable_streaming_hooks()
    plain.stream_network.requires_grad_(options.get("train_streaming_layers", True))
    double = [(image.double(), target) for image, target in batches]
    found, expected = (fit(m, double, precision="64-true") for m in (streaming, plain))
    for one, other in zip(found, expected, strict=True):
        same(one, other, 1e-12)


def test_bytes_are_normalized_in_training_and_validation(
    backbone: nn.Sequential,
    head: nn.Sequential,
    batches: Any,
    fit: Callable[..., Any],
    same: Callable[..., Any],
) -> None:
    mean, std = [0.4, 0.5, 0.7], [0.2, 0.25, 0.3]
    plain = Plain(copy.deepcopy(backbone), copy.deepcopy(head))
    streaming = ImageNetClassifier(
        backbone, head, 24, functional.cross_entropy, normalize_on_gpu=True, mean=mean, std=std
    )
    stored: Any = [((image * 60 + 120).clamp(0, 255).to(torch.uint8), target) for image, target in batches]
    offset, divisor = (torch.tensor(values, dtype=torch.float64).view(3, 1, 1) for values in (mean, std))
    normal = [((image.double() / 255 - offset) / divisor, target) for image, target in stored]
    with torch.no_grad():
        expected = sum(len(t) * plain.double().training_step((image, t), 0) for image, t in normal) / 7
    trainer = L.Trainer(
        accelerator="cpu",
        precision="64-true",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
    )
    (found,) = trainer.validate(
        streaming, torch.utils.data.DataLoader(stored, batch_size=None), verbose=False
    )
    assert found["val_loss"] == pytest.approx(expected.item(), rel=1e-12)
    same(
        *(fit(m, b, precision="64-true")[0] for m, b in ((streaming, stored[:1]), (plain, normal[:1]))), 1e-12
    )


def test_a_fully_convolutional_network_needs_no_head(
    batches: Any, fit: Callable[..., Any], same: Callable[..., Any]
) -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 2, 3, padding=1)).double()
    image = batches[1][0].double()
    target = torch.randint(0, 2, (2, *image.shape[2:]))
    (found,) = fit(
        StreamingModule(copy.deepcopy(network), 24, loss_fn=functional.cross_entropy), [(image, target)]
    )
    functional.cross_entropy(network(image), target).backward()
    same(
        found,
        {f"stream_network.stream_module.{name}": p.grad for name, p in network.named_parameters()},
        1e-12,
    )


def test_a_classifier_logs_its_losses_and_metrics(
    backbone: nn.Sequential, head: nn.Sequential, batches: Any, tmp_path: Any
) -> None:
    metrics = MetricCollection({"accuracy": MulticlassAccuracy(3, average="micro")})
    module = ImageNetClassifier(backbone, head, 24, functional.cross_entropy, metrics=metrics)
    trainer = L.Trainer(
        accelerator="cpu",
        max_epochs=1,
        default_root_dir=tmp_path,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    loaders = torch.utils.data.DataLoader(batches, batch_size=None)
    trainer.fit(module, loaders, loaders)
    logged = trainer.callback_metrics
    assert {"train_loss", "train_accuracy", "val_loss", "val_accuracy"} <= set(logged)
    (tested,) = trainer.test(module, loaders, verbose=False)
    logits = [module.eval()(image).detach() for image, _ in batches]
    losses = [
        functional.cross_entropy(out, target, reduction="sum")
        for out, (_, target) in zip(logits, batches, strict=True)
    ]
    hits = [(out.argmax(1) == target).sum().item() for out, (_, target) in zip(logits, batches, strict=True)]
    assert tested["test_loss"] == pytest.approx(torch.stack(losses).sum().item() / 7, rel=1e-5)
    assert tested["test_accuracy"] == pytest.approx(sum(hits) / 7)
    assert logged["val_loss"].item() == pytest.approx(tested["test_loss"], rel=1e-6)
    images: Any = [image for image, _ in batches]
    predicted = trainer.predict(module, torch.utils.data.DataLoader(images, batch_size=None))
    assert torch.allclose(predicted[3], logits[3], atol=1e-6)
