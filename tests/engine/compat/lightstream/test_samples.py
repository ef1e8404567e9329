"""The code samples of the reference texts, executed as they stand there but for their import lines."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy

from tests.parts import gradients
from wholefield.compat.lightstream import StreamingCNN, StreamingModule
from wholefield.networks import resnet18, resnet34, resnet50

OVERVIEW = "lightstream-overview.txt"
CUSTOM = "lightstream-custom-models.txt"
# Depth of every line; inside brackets and strings it is free.
SPLIT = "0" + "1" * 22 + "222" + "11"
MODEL = "0" + "1" * 10 + "2" * 14 + "1" + "2" * 13
FORWARD = "12" + "122" + "2"
STEP = "122222322221" + "2232"
NAMES: dict[str, Any] = {
    "Any": Any,
    "MetricCollection": MetricCollection,
    "StreamingCNN": StreamingCNN,
    "StreamingModule": StreamingModule,
    "nn": nn,
    "resnet18": resnet18,
    "resnet34": resnet34,
    "resnet50": resnet50,
    "torch": torch,
}

pytestmark = pytest.mark.filterwarnings("ignore:.*in eval mode at the start of training.*")


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """A network whose weights lie where the published ones are kept."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    network = resnet18()
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    folder.mkdir(parents=True)
    torch.save(network.state_dict(), folder / "resnet18-f37072fd.pth")
    return network


@pytest.fixture
def names(sample: Callable[..., Any]) -> dict[str, Any]:
    """What the samples of the guide to custom models define."""
    scope = dict(NAMES)
    exec(sample(CUSTOM, "def split_resnet", SPLIT), scope)
    exec(sample(CUSTOM, "class StreamingResNet", MODEL), scope)
    return scope


@pytest.fixture
def trained(names: dict[str, Any], sample: Callable[..., Any]) -> type:
    """The sample's model with the sample's forward, step and backward, and an optimizer."""
    methods = sample(CUSTOM, "def forward_head", FORWARD) + "\n" + sample(CUSTOM, "def training_step", STEP)
    exec(f"class Trained(StreamingResNet):\n{methods}", names)
    model: type = names["Trained"]
    model.configure_optimizers = lambda self: torch.optim.SGD(self.parameters(), lr=0.01)  # type: ignore[attr-defined]
    return model


def test_the_overview(sample: Callable[..., Any], same: Callable[..., Any]) -> None:
    net = resnet18(num_classes=4).double()
    final_layers = nn.Sequential(net.avgpool, nn.Flatten(), net.fc)
    image, labels = torch.randn(1, 3, 617, 67, dtype=torch.float64), torch.tensor([3])
    scope = NAMES | {
        "net": net,
        "final_layers": final_layers,
        "criterion": nn.CrossEntropyLoss(),
        "image": image,
        "labels": labels,
    }
    exec(sample(OVERVIEW, "stream_layers = ", "0" * 9), scope)
    found = gradients(net)
    net.zero_grad()
    functional.cross_entropy(net.eval()(image), labels).backward()
    same(found, {name: p.grad for name, p in net.named_parameters()}, 1e-12)


def test_the_split(names: dict[str, Any]) -> None:
    network = resnet18().eval()
    image = torch.randn(1, 3, 67, 45)
    expected = network(image)
    backbone, head = names["split_resnet"](network)
    assert torch.equal(head(backbone(image)), expected)
    assert names["split_resnet"](network, num_classes=7)[1](backbone(image)).shape == (1, 7)


def test_the_model(names: dict[str, Any], published: nn.Module) -> None:
    metrics = MetricCollection([MulticlassAccuracy(1000)])
    model = names["StreamingResNet"]("resnet18", 64, functional.cross_entropy, metrics=metrics, verbose=False)
    assert isinstance(model, StreamingModule)
    assert model.streaming_options["verbose"] is False
    image = torch.randint(0, 256, (1, 3, 99, 131)).to(torch.uint8)
    mean, std = (torch.tensor(model.streaming_options[name]).view(3, 1, 1) for name in ("mean", "std"))
    expected = published.eval()((image / 255 - mean) / std)
    assert torch.allclose(model.eval()(image), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("streaming", [True, False])
def test_the_step_in_the_trainer(
    trained: Any, published: nn.Module, fit: Callable[..., Any], same: Callable[..., Any], streaming: bool
) -> None:
    model = trained("resnet18", 48, functional.cross_entropy, num_classes=3, normalize_on_gpu=False)
    model.use_streaming = streaming
    batches: list[tuple[Tensor, Tensor]] = [
        (torch.randn(1, 3, 97, 71, dtype=torch.float64), torch.tensor([k])) for k in range(2)
    ]
    reference = nn.ModuleDict({"part": model.stream_network.stream_module, "head": model.head})
    weights = {name: value.double() for name, value in reference.state_dict().items()}
    found = fit(model, batches, precision="64-true", accumulate_grad_batches=2)
    reference.load_state_dict(weights)
    reference.zero_grad()
    for image, target in batches:
        (functional.cross_entropy(reference["head"](reference["part"](image)), target) / 2).backward()
    wanted = {name: p.grad for name, p in model.named_parameters()}
    assert len(found) == 1
    same(found[0], wanted, 1e-12)


def test_the_model_trains_without_methods_of_its_own(
    names: dict[str, Any], published: nn.Module, fit: Callable[..., Any]
) -> None:
    model: L.LightningModule = names["StreamingResNet"](
        "resnet18", 48, functional.cross_entropy, num_classes=3
    )
    found = fit(model, [(torch.rand(1, 3, 71, 97), torch.tensor([2]))])
    assert all(grad.isfinite().all() for grad in found[0].values())
    assert found[0].keys() == dict(model.named_parameters()).keys()
