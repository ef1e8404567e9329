"""Membranes of ISBI 2012, four slices to train and two held out: python -m tests.bench.bench_isbi [seconds].

Prints accuracy and the area under the ROC curve of the held-out slices after so many seconds of training on one thread.
"""

import math
import sys
import time
from pathlib import Path

import torch
from torch import Tensor
from torchmetrics.functional.classification import binary_auroc

from tests.bench.random_crops import random_crops
from wholefield.compat.msd_pytorch import ImageDataset, MSDSegmentationModel

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "stacks" / "isbi2012_em"
LEARNING_RATE = 6e-3


def rate_factor(share: float) -> float:
    """One cycle: up over the first three tenths, then down to zero (Smith and Topin 2017, arXiv 1708.07120)."""
    if share < 0.3:
        return 0.52 - 0.48 * math.cos(math.pi * share / 0.3)
    return 0.5 + 0.5 * math.cos(math.pi * (share - 0.3) / 0.7)


def train(model: MSDSegmentationModel, pairs: list[tuple[Tensor, Tensor]], seconds: float) -> int:
    """Train for some seconds of processor time; the number of steps."""
    start, steps = time.thread_time(), 0
    for image, target in random_crops(pairs, 256):
        share = (time.thread_time() - start) / seconds
        if share >= 1:
            break
        for group in model.optimizer.param_groups:
            group["lr"] = LEARNING_RATE * rate_factor(share)
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
