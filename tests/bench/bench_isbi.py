"""Membranes of ISBI 2012, four slices to train and two held out: python -m tests.bench.bench_isbi [seconds].

Prints accuracy and the area under the ROC curve of the held-out slices after so many seconds of training on one thread.
"""

import sys
import time
from itertools import count
from pathlib import Path

import torch
from torch import Tensor
from torchmetrics.functional.classification import binary_auroc

from wholefield.compat.msd_pytorch import ImageDataset, MSDSegmentationModel
from wholefield.training.crops import Augmentation
from wholefield.training.fit import FitSettings, Schedule, rate_factor, steps_of_epoch

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "stacks" / "isbi2012_em"
SETTINGS = FitSettings(
    batch_size=1, learning_rate=6e-3, schedule=Schedule.ONE_CYCLE, augmentation=Augmentation(256, True, True)
)


def train(model: MSDSegmentationModel, pairs: list[tuple[Tensor, Tensor]], seconds: float) -> int:
    """Train for so many seconds of processor time; the number of steps."""
    start, steps = time.thread_time(), 0
    for epoch in count():
        for ((image, target),) in steps_of_epoch(pairs, SETTINGS, epoch):
            progress = (time.thread_time() - start) / seconds
            if progress >= 1:
                return steps
            for group in model.optimizer.param_groups:
                group["lr"] = SETTINGS.learning_rate * rate_factor(SETTINGS.schedule, progress)
            model.learn(image, target)
            steps += 1
    return steps


@torch.no_grad()
def evaluate(model: MSDSegmentationModel, pairs: list[tuple[Tensor, Tensor]]) -> tuple[float, float]:
    """Accuracy and area under the ROC curve over all pixels."""
    chances = torch.stack([model.net(image[None])[0, 1].exp() for image, _ in pairs])
    labels = torch.stack([target[0] for _, target in pairs])
    accuracy = ((chances > 0.5) == labels).float().mean().item()
    return accuracy, float(binary_auroc(chances.flatten(), labels.flatten()))


def main(seconds: float = 170.0) -> None:
    """Train and print."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    dataset = ImageDataset(DATA / "image", DATA / "label", labels=[0, 255])
    pairs = [dataset[i] for i in range(len(dataset))]
    training, held_out = pairs[:4], pairs[4:]
    model = MSDSegmentationModel(1, 2, 50, 1)
    model.set_normalization([(image[None], target[None]) for image, target in training])
    steps = train(model, training, seconds)
    accuracy, area = evaluate(model, held_out)
    print(f"{steps} steps in {seconds:.0f} s: held-out accuracy {accuracy:.3f}, AUC {area:.4f}")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
