"""Scripts written for msd_pytorch run when only their import is changed."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

REGRESSION = """
import numpy as np
import torch
from torch.utils.data import DataLoader
import msd_pytorch as mp
from msd_pytorch.errors import InputError

# Network and training
c_in, c_out = 1, 1
depth, width = 5, 1
dilations = [1, 2, 4, 8]
loss = "L2"
epochs, batch_size = 4, 2

train_ds = mp.ImageDataset("train/noisy*.tif", "train/clean*.tif")
train_dl = DataLoader(train_ds, batch_size, shuffle=True)
val_ds = mp.ImageDataset("val/noisy*.tif", "val/clean*.tif")
val_dl = DataLoader(val_ds, batch_size, shuffle=False)

model = mp.MSDRegressionModel(c_in, c_out, depth, width, dilations=dilations, loss=loss, parallel=False)
model.print()
model.set_normalization(train_dl)
first_error = model.validate(val_dl)

best_validation_error, best_epoch = np.inf, -1
for epoch in range(epochs):
    model.train(train_dl, 1)
    validation_error = model.validate(val_dl)
    print(f"{epoch:05d} Validation error: {validation_error: 0.6f}")
    if validation_error < best_validation_error:
        best_validation_error = validation_error
        best_epoch = epoch
        model.save(f"msd_network_epoch_{epoch}.torch", epoch)
model.save("msd_network.torch", epoch)

# Apply the network to a stack
model = mp.MSDRegressionModel(c_in, c_out, depth, width, dilations=dilations)
loaded_epoch = model.load(f"msd_network_epoch_{best_epoch}.torch")
ds = mp.ImageStack("val/noisy*.tif")
outputs = []
model.net.eval()
with torch.no_grad():
    for i in range(len(ds)):
        output = model.net(ds[i].unsqueeze(0))
        outputs.append(output.detach().cpu().squeeze().numpy())

# One step by hand
model.set_input(train_ds[0][0].unsqueeze(0))
model.set_target(train_ds[0][1].unsqueeze(0))
model.forward()
by_hand = model.get_loss()
model.learn(train_ds[0][0].unsqueeze(0), train_ds[0][1].unsqueeze(0))
assert model.get_output().shape == (1, 1, 24, 25)
try:
    mp.ImageDataset("train/noisy*.tif", "val/clean*.tif")
except InputError as error:
    message = error.message
"""

SEGMENTATION = """
import torch
from torch.utils.data import DataLoader
from msd_pytorch.image_dataset import ImageDataset
from msd_pytorch.msd_segmentation_model import MSDSegmentationModel

labels = [0, 1, 2]
train_ds = ImageDataset("train/noisy*.tif", "train/label*.tif", collapse_channels=True, labels=labels)
train_dl = DataLoader(train_ds, 2, shuffle=True)

model = MSDSegmentationModel(1, train_ds.num_labels, 5, 2, dilations=[1, 2, 3])
model.set_normalization(train_dl)
before = model.validate(train_dl)
model.train(train_dl, 25)
after = model.validate(train_dl)
model.save("msd_segmentation.torch", 25)

model = MSDSegmentationModel(1, 3, 5, 2, dilations=[1, 2, 3])
epoch = model.load("msd_segmentation.torch")
image, target = train_ds[0]
with torch.no_grad():
    output = model.net(image.unsqueeze(0))
prediction = torch.max(output.data, 1).indices
accuracy = (prediction == target).float().mean().item()
"""

LAYERS = '''
import torch
from torch import nn
from msd_pytorch.conv_relu import ConvRelu2dInPlaceModule
from msd_pytorch.msd_block import MSDBlock2d, MSDModule2d
from msd_pytorch.msd_module import MSDFinalLayer, MSDModule, init_convolution_weights, units_in_front
from msd_pytorch.relu_inplace import ReLUInplaceModule
from msd_pytorch.stitch import StitchBuffer, StitchCopyModule, StitchLazyModule

class Network(nn.Module):
    """A dense network of one's own over a shared buffer."""

    def __init__(self, depth):
        super().__init__()
        self.depth, self.buffer = depth, StitchBuffer()
        self.first = StitchCopyModule(self.buffer, 0)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(units_in_front(1, 1, i), 1, 3, padding=i + 1, dilation=i + 1) for i in range(depth)
        )
        for convolution in self.convolutions:
            init_convolution_weights(convolution.weight.data, 1, 1, 1, depth)
        self.relu = ReLUInplaceModule()
        self.stitches = nn.ModuleList(StitchCopyModule(self.buffer, i + 1) for i in range(depth))
        self.final = MSDFinalLayer(1 + depth, 1)

    def forward(self, image):
        self.buffer.like_(image, (image.shape[0], 1 + self.depth, *image.shape[2:]))
        value = self.first(image)
        for convolution, stitch in zip(self.convolutions, self.stitches):
            value = stitch(self.relu(convolution(value)))
        return self.final(value)

torch.manual_seed(0)
image = torch.randn(1, 1, 20, 20)
target = image.relu()
losses = []
for network in (Network(3), MSDModule(1, 1, 3, 1), MSDModule2d(1, 1, 3, 1, dilations=[1, 2])):
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    for step in range(40):
        optimizer.zero_grad()
        loss = nn.MSELoss()(network(image), target)
        loss.backward()
        optimizer.step()
    losses.append(loss.item())
block = MSDBlock2d(1, [1, 2, 3], width=2)
channels = block(image).shape[1]
'''


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folders train and val, small images in each, and the working directory above them."""
    generator = np.random.default_rng(0)
    for folder, count in (("train", 4), ("val", 2)):
        (tmp_path / folder).mkdir()
        for number in range(count):
            clean = generator.normal(size=(24, 25)).astype(np.float32)
            noisy = clean + generator.normal(scale=0.1, size=clean.shape).astype(np.float32)
            label = (clean > -0.5).astype(np.uint8) + (clean > 0.5)
            for name, array in (("clean", 5 * clean + 2), ("noisy", noisy), ("label", label)):
                tifffile.imwrite(tmp_path / folder / f"{name}{number}.tif", array)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(script: str, folder: Path) -> dict[str, Any]:
    """Run a script with its imports changed; its variables."""
    path = folder / "script.py"
    path.write_text(script.replace("msd_pytorch", "wholefield.compat.msd_pytorch"))
    return runpy.run_path(str(path))


def test_a_regression_script(images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(REGRESSION, images)
    assert found["best_validation_error"] < found["first_error"]
    assert found["loaded_epoch"] == found["best_epoch"]
    assert [output.shape for output in found["outputs"]] == [(24, 25)] * 2
    assert found["by_hand"] > 0
    assert "4 inputs" in found["message"]
    assert "Validation error" in capsys.readouterr().out


def test_a_segmentation_script(images: Path) -> None:
    found = run(SEGMENTATION, images)
    assert found["after"] < found["before"]
    assert found["epoch"] == 25
    assert found["prediction"].shape == (1, 24, 25)
    assert found["accuracy"] > 0.5


def test_a_script_that_builds_its_own_layers(tmp_path: Path) -> None:
    found = run(LAYERS, tmp_path)
    assert max(found["losses"]) < 0.2
    assert found["channels"] == 7
