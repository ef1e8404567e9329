"""Whole scripts written for lightstream run when nothing but their imports is changed, and compute what torch does."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests.parts import gradient, gradients
from wholefield.networks import resnet18

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*in eval mode at the start of training.*"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
    pytest.mark.filterwarnings("ignore:.*number of training batches.*"),
]

TWO_CALLS = """
import torch
import torch.nn as nn
from lightstream.core.scnn import StreamingCNN

torch.manual_seed(0)
layers = nn.Sequential(
    nn.Conv2d(3, 8, 7, stride=2, padding=3), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.Conv2d(8, 4, 3, padding=1)
).double()
final_layers = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)).double()
image, labels = torch.rand(1, 3, 203, 151, dtype=torch.float64), torch.tensor([1])

sCNN = StreamingCNN(layers, tile_shape=(1, 3, 64, 64))
sCNN.device = torch.device("cpu")
output = sCNN(image)
loss = nn.CrossEntropyLoss()(final_layers(output), labels)
loss.backward()
sCNN.backward(image, output.grad)
"""

CLASSIFIER = """
import torch
import torch.nn as nn
from lightning.pytorch import Trainer
from torch.utils.data import DataLoader, Dataset
from lightstream.models.resnet import StreamingResNet
from lightstream.modules import ImageNetClassifier


class Slides(Dataset):
    def __len__(self):
        return 3

    def __getitem__(self, item):
        generator = torch.Generator().manual_seed(item)
        return torch.rand(3, 150 + 8 * item, 99, generator=generator), item % 2


def configure_model(encoder="resnet18", tile_size=96):
    stream_model = StreamingResNet(encoder, tile_size=tile_size, verbose=False)
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 2))
    return ImageNetClassifier(stream_model, head, nn.CrossEntropyLoss(), accumulate_grad_batches=1)


torch.manual_seed(0)
model = configure_model()
before = {name: value.clone() for name, value in model.state_dict().items()}
trainer = Trainer(accelerator="cpu", devices=1, max_epochs=1, logger=False, enable_checkpointing=False,
                  enable_progress_bar=False, enable_model_summary=False)
trainer.fit(model, DataLoader(Slides(), batch_size=1), DataLoader(Slides(), batch_size=1))
"""

OWN_STEP = """
import torch
import torch.nn as nn
from lightning.pytorch import Trainer
from torch.utils.data import DataLoader
from lightstream.modules import LightningStreamingModule
from lightstream.modules.streaming import StreamingModule


class Regression(LightningStreamingModule):
    def __init__(self, stream_network, head):
        super().__init__(stream_network)
        self.head = head
        self.automatic_optimization = False

    def training_step(self, batch, batch_idx):
        image, target = batch
        features = self.stream_network(image)
        loss = nn.functional.mse_loss(self.head(features).flatten(), target)
        self.manual_backward(loss)
        self.backward_streaming(image, features.grad)
        self.optimizers().step()
        return loss

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)


torch.manual_seed(0)
network = nn.Sequential(nn.Conv2d(3, 6, 5, stride=2), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 4, 3))
head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1))
model = Regression(StreamingModule(network, 48, "tile_cache_48"), head).double()
before = {name: value.clone() for name, value in model.state_dict().items()}
image, target = torch.rand(1, 3, 131, 90, dtype=torch.float64), torch.tensor([0.7], dtype=torch.float64)
trainer = Trainer(accelerator="cpu", devices=1, max_epochs=1, precision="64-true", logger=False,
                  enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
trainer.fit(model, DataLoader([(image[0], target[0])], batch_size=1))
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working folder of its own, and the pretrained weights where torch keeps them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    folder.mkdir(parents=True)
    torch.manual_seed(3)
    torch.save(resnet18().state_dict(), folder / "resnet18-f37072fd.pth")


def run(script: str) -> dict[str, Any]:
    """What a script defines, run with our imports in place of lightstream's."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(script.replace("from lightstream.", "from wholefield.compat.lightstream."), names)
    return names


def test_forward_and_backward_as_two_calls() -> None:
    names = run(TWO_CALLS)
    whole = nn.Sequential(names["layers"], names["final_layers"])
    found = gradients(whole)
    whole.zero_grad()
    loss = functional.cross_entropy(whole(names["image"]), names["labels"])
    loss.backward()
    torch.testing.assert_close(names["loss"], loss, rtol=1e-12, atol=1e-12)
    for name, wanted in gradients(whole).items():
        torch.testing.assert_close(found[name], wanted, rtol=1e-10, atol=1e-12)


def test_a_classifier_on_slides() -> None:
    names = run(CLASSIFIER)
    trainer, model = names["trainer"], names["model"]
    assert trainer.global_step == 3
    logged = trainer.callback_metrics
    assert {"train_loss", "val_loss"} <= set(logged)
    changed = {name for name, value in model.state_dict().items() if not value.equal(names["before"][name])}
    assert {name for name, _ in model.named_parameters()} <= changed
    assert not any("running" in name for name in changed)
    mean, std = (
        torch.tensor(values).view(3, 1, 1) for values in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    )
    network = nn.Sequential(model.stream_network.stream_module, model.head).eval()
    losses: list[Tensor] = []
    with torch.no_grad():
        for item in range(3):
            image, label = names["Slides"]()[item]
            losses.append(
                functional.cross_entropy(network((image[None] - mean) / std), torch.tensor([label]))
            )
    assert logged["val_loss"].item() == pytest.approx(torch.stack(losses).mean().item(), rel=1e-3)


def test_a_training_step_of_its_own() -> None:
    names = run(OWN_STEP)
    model = names["model"]
    after = {name: value.clone() for name, value in model.named_parameters()}
    model.load_state_dict(names["before"])
    model.zero_grad()
    loss = functional.mse_loss(model.head(names["network"].eval()(names["image"])).flatten(), names["target"])
    loss.backward()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(
            after[name], parameter.detach() - 0.01 * gradient(parameter), rtol=1e-11, atol=1e-13
        )
    assert Path("tile_cache_48").is_file()
