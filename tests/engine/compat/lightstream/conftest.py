"""Training through Lightning, streamed and plain, with every gradient noted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

Gradients = dict[str, Tensor]
REFERENCE = Path(__file__).resolve().parents[5] / "shared" / "reference"


class Noting(L.Callback):
    """Copies all gradients before every step of the optimizer."""

    def __init__(self) -> None:
        self.found: list[Gradients] = []

    def on_before_optimizer_step(self, trainer: Any, module: Any, optimizer: Any) -> None:
        self.found.append(
            {name: p.grad.clone() for name, p in module.named_parameters() if p.grad is not None}
        )


def relative_error(found: Tensor, expected: Tensor) -> float:
    assert found.shape == expected.shape
    largest = expected.abs().max().item()
    return (found - expected).abs().max().item() / (largest or 1.0)


def assert_same(found: Gradients, expected: Gradients, tolerance: float) -> None:
    assert found.keys() == expected.keys()
    for name, wanted in expected.items():
        error = relative_error(found[name].double(), wanted.double())
        assert error <= tolerance, f"{name}: {error:.2e}"


@pytest.fixture(autouse=True)
def seeded() -> None:
    """The rounding of half precision depends on the weights: the same ones in every run."""
    torch.manual_seed(0)


@pytest.fixture
def same() -> Callable[[Gradients, Gradients, float], None]:
    return assert_same


@pytest.fixture
def fit(tmp_path: Path) -> Callable[..., list[Gradients]]:
    """Train a module one epoch on batches (image, target); returns the gradients of every step."""

    def train(module: L.LightningModule, batches: Any, **options: Any) -> list[Gradients]:
        noting = Noting()
        trainer = L.Trainer(
            **{
                "accelerator": "cpu",
                "devices": 1,
                "max_epochs": 1,
                "default_root_dir": tmp_path,
                "logger": False,
                "enable_checkpointing": False,
                "enable_progress_bar": False,
                "enable_model_summary": False,
                "callbacks": [noting],
                **options,
            }
        )
        trainer.fit(module, DataLoader(batches, batch_size=None))
        return noting.found

    return train


@pytest.fixture
def backbone() -> nn.Sequential:
    """A small network with all that matters: strides, a branch of its own through time, learned normalization."""
    norm: Any = nn.BatchNorm2d(6)
    nn.init.uniform_(norm.running_mean, -0.3, 0.3)
    nn.init.uniform_(norm.running_var, 0.5, 2.0)
    nn.init.uniform_(norm.weight, 0.5, 1.5)
    return nn.Sequential(
        nn.Conv2d(3, 6, 5, stride=2, padding=2),
        norm,
        nn.GELU(),
        nn.MaxPool2d(3, 2, 1),
        nn.Conv2d(6, 4, 3, padding=1),
    )


@pytest.fixture
def head() -> nn.Sequential:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))


@pytest.fixture
def batches() -> list[tuple[Tensor, Tensor]]:
    """Four batches of images of odd and different sizes."""
    sizes = [(1, 61, 83), (2, 97, 33), (1, 40, 129), (3, 35, 35)]
    return [(torch.randn(b, 3, h, w), torch.randint(0, 3, (b,))) for b, h, w in sizes]


@pytest.fixture(scope="session")
def sample() -> Callable[[str, str, str], str]:
    """A piece of code from the reference texts, which have lost their indentation.

    Takes the file, the line it begins with and the depth of every line, a digit each.
    """

    def read(file: str, begin: str, depths: str) -> str:
        path = REFERENCE / file
        if not path.is_file():
            pytest.skip("the reference texts (../shared/reference) are not on this machine")
        lines = path.read_text(encoding="utf-8").splitlines()
        start = next(k for k, line in enumerate(lines) if line.startswith(begin))
        taken = lines[start : start + len(depths)]
        return "\n".join("    " * int(depth) + line for depth, line in zip(depths, taken, strict=True))

    return read
