"""One of two processes that train models together through Lightning and save the gradients they end up with.

Usage: two_processes.py FOLDER NETWORK=STRATEGY ..., with LOCAL_RANK and the like in the environment.
"""

import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import lightning as L
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from wholefield.compat.lightstream import BaseModule, ImageNetClassifier, StreamingModule
from wholefield.networks.resnet import BasicBlock, ResNet
from wholefield.networks.split import split_resnet

SIZES = {"cnn": (61, 83), "released": (61, 83), "resnet": (97, 71)}


def parts(name: str) -> tuple[nn.Module, nn.Module]:
    """Backbone and head with the same weights in every process."""
    torch.manual_seed(3)
    if name == "resnet":
        return split_resnet(ResNet(BasicBlock, (1, 1, 1, 1), num_classes=3))
    backbone = nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.GELU(), nn.Conv2d(6, 4, 5, stride=3), nn.Tanh()
    )
    return backbone, nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))


def samples(name: str) -> list[tuple[Tensor, int]]:
    """Four images of an odd size with their classes."""
    source = torch.Generator().manual_seed(4)
    return [(torch.randn(3, *SIZES[name], generator=source, dtype=torch.float64), k % 3) for k in range(4)]


class Noted(StreamingModule):
    """Keeps the gradients of every step."""

    found: list[dict[str, Tensor]]

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Copy them; weights stay as they are, so that steps are comparable."""
        self.found.append({name: p.grad.clone() for name, p in self.named_parameters() if p.grad is not None})

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """An optimizer that changes nothing."""
        return torch.optim.SGD(self.params, lr=0.0)


class Recording(Noted, BaseModule):
    """In the documented form: steps by Lightning."""

    def __init__(self, name: str) -> None:
        super().__init__(*parts(name), tile_size=32, loss_fn=functional.cross_entropy)
        self.found = []


class Released(Noted, ImageNetClassifier):
    """In the released form: steps of its own."""

    def __init__(self, name: str) -> None:
        backbone, head = parts(name)
        streamed = StreamingModule(backbone, 32)
        super().__init__(streamed, head, functional.cross_entropy, accumulate_grad_batches=1)
        self.found = []


def train(network: str, strategy: str, folder: Path) -> None:
    """Train one epoch of two steps and save the gradients."""
    model = Released(network) if network == "released" else Recording(network)
    trainer = L.Trainer(
        accelerator="cpu",
        devices=2,
        strategy=strategy,
        precision="64-true",
        max_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    dataset: Any = samples(network)
    trainer.fit(model, DataLoader(dataset, batch_size=1))
    torch.save(model.found, folder / f"{network}.{trainer.global_rank}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    torch.set_num_threads(1)
    for pair in sys.argv[2:]:
        network, strategy = pair.split("=")
        train(network, strategy, Path(sys.argv[1]))
