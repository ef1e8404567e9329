"""A short training on real micrographs finds membranes in a slice that it has not seen."""

from pathlib import Path

import pytest
import torch
from torchmetrics.functional.classification import binary_auroc

from wholefield.compat.msd_pytorch import ImageDataset, MSDSegmentationModel
from wholefield.training.crops import Augmentation
from wholefield.training.fit import FitSettings, Schedule, class_weights, fit


@pytest.mark.data
def test_a_short_training_finds_membranes(data_folder: Path) -> None:
    torch.manual_seed(0)
    folder = data_folder / "stacks" / "isbi2012_em"
    dataset = ImageDataset(folder / "image", folder / "label", labels=[0, 255])
    training = [dataset[i] for i in range(4)]
    image, labels = dataset[4]
    model = MSDSegmentationModel(1, 2, 12, 1, class_weights=class_weights([each for _, each in training], 2))
    model.set_normalization([(each[None], target[None]) for each, target in training])
    settings = FitSettings(
        epochs=4,
        learning_rate=0.02,
        schedule=Schedule.ONE_CYCLE,
        augmentation=Augmentation(128, flips=True, turns=True),
        repeats=6,
    )
    fit(model.network, training, [], settings)
    with torch.no_grad():
        chances = model.net(image[None, :, :256, :256])[0, 1].exp()
    assert binary_auroc(chances.flatten(), labels[0, :256, :256].flatten()) > 0.85
