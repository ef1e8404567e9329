"""How good predictions are: overlap of labels, likeness of images."""

import torch
from torch import Tensor
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_f1_score,
    multiclass_jaccard_index,
)
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure


def label_metrics(output: Tensor, labels: Tensor, ignore_label: int | None = None) -> dict[str, float]:
    """Accuracy over all pixels, and Dice (F1) and IoU (Jaccard) averaged over the labels that occur.

    Args:
        output: (batch, labels, ...), logarithms of probabilities or anything whose largest value names the label.
        labels: (batch, ...), integers.
        ignore_label: Label whose pixels do not count.

    Returns:
        By name: accuracy, dice, iou.
    """
    found, count = output.argmax(1), output.shape[1]
    if ignore_label is not None:
        kept = labels != ignore_label
        found, labels = found[kept], labels[kept]
    return {
        "accuracy": multiclass_accuracy(found, labels, count, average="micro").item(),
        "dice": multiclass_f1_score(found, labels, count, average="macro").item(),
        "iou": multiclass_jaccard_index(found, labels, count, average="macro").item(),
    }


def image_metrics(output: Tensor, target: Tensor) -> dict[str, float]:
    """Peak signal-to-noise ratio in dB, and structural similarity of images; the target's range counts as the peak.

    Args:
        output: (batch, channels, ..., row, column).
        target: The same shape.

    Returns:
        By name: psnr, and ssim where the images have at least 11 pixels along each axis.
    """
    lowest, highest = target.amin().item(), target.amax().item()
    span = max(highest - lowest, torch.finfo(target.dtype).tiny)
    values = {"psnr": float(peak_signal_noise_ratio(output, target, data_range=span))}
    if min(target.shape[2:]) >= 11:
        similarity = structural_similarity_index_measure(output, target, data_range=(lowest, lowest + span))
        assert isinstance(similarity, Tensor)
        values["ssim"] = similarity.item()
    return values
