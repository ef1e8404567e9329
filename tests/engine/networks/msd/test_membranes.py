"""A short training on real micrographs finds membranes in a slice that it has not seen."""

from pathlib import Path

import pytest
import torch
from torch import Tensor
from torchmetrics.functional.classification import binary_auroc

from wholefield.compat.msd_pytorch.image_dataset import ImageDataset
from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.network import MSDNetwork

CROP, STEPS = 128, 96


def crop(image: Tensor, labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The same random square of an image and its labels, flipped at random."""
    row, column = (
        int(torch.randint(length - CROP + 1, (), generator=generator)) for length in image.shape[1:]
    )
    axes = [axis for axis in (1, 2) if torch.rand((), generator=generator) < 0.5]
    cut = (slice(None), slice(row, row + CROP), slice(column, column + CROP))
    return image[cut].flip(axes), labels[cut].flip(axes)


@pytest.mark.data
def test_a_short_training_finds_membranes(data_folder: Path) -> None:
    torch.manual_seed(0)
    folder = data_folder / "stacks" / "isbi2012_em"
    dataset = ImageDataset(folder / "image", folder / "label", labels=[0, 255])
    training = [dataset[i] for i in range(4)]
    share = torch.stack([labels.float().mean() for _, labels in training]).mean().item()
    weights = [0.5 / (1 - share), 0.5 / share]
    network = MSDNetwork(1, 2, 12, task=Task.SEGMENTATION, class_weights=weights)
    network.set_normalization(training)
    optimizer = torch.optim.Adam(network.msd.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, STEPS)
    generator = torch.Generator().manual_seed(0)
    for step in range(STEPS):
        image, labels = crop(*training[step % len(training)], generator)
        optimizer.zero_grad()
        network.loss(network(image[None]), labels[None]).backward()
        optimizer.step()
        schedule.step()
    image, labels = dataset[4]
    with torch.no_grad():
        chances = network(image[None, :, :256, :256])[0, 1].exp()
    assert binary_auroc(chances.flatten(), labels[0, :256, :256].flatten()) > 0.85
