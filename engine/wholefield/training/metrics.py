"""How good predictions are: overlap of labels, likeness of images."""

import torch
from torch import Tensor
from torch.nn import functional
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_f1_score,
    multiclass_jaccard_index,
)
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

WINDOW = 11
"""Side of the window of the structural similarity."""


def label_metrics(output: Tensor, labels: Tensor, ignore_label: int | None = None) -> dict[str, float]:
    """Accuracy over all pixels, and Dice (F1) and IoU (Jaccard) averaged over the labels that occur.

    Args:
        output: (batch, labels, ...), logarithms of probabilities or anything whose largest value names the label.
        labels: (batch, ...), integers.
        ignore_label: Label whose pixels do not count.

    Returns:
        By name: accuracy, dice, iou; nothing where no pixel counts.
    """
    found, count = output.argmax(1), output.shape[1]
    if ignore_label is not None:
        kept = labels != ignore_label
        found, labels = found[kept], labels[kept]
    if not labels.numel():
        return {}
    return {
        "accuracy": multiclass_accuracy(found, labels, count, average="micro").item(),
        "dice": multiclass_f1_score(found, labels, count, average="macro").item(),
        "iou": multiclass_jaccard_index(found, labels, count, average="macro").item(),
    }


def image_metrics(output: Tensor, target: Tensor, valid: Tensor | None = None) -> dict[str, float]:
    """Peak signal-to-noise ratio in dB, and structural similarity of images; the target's range counts as the peak.

    Args:
        output: (batch, channels, ..., row, column).
        target: The same shape.
        valid: Which pixels count, the same shape; all when None. The similarity is then the mean over the pixels whose
            whole window counts.

    Returns:
        By name: psnr, and ssim where the images have at least 11 pixels along each axis; nothing where no pixel counts.
    """
    counted = target if valid is None else target[valid]
    if not counted.numel():
        return {}
    lowest, highest = counted.amin().item(), counted.amax().item()
    span = max(highest - lowest, torch.finfo(target.dtype).tiny)
    found = output if valid is None else output[valid]
    values = {"psnr": float(peak_signal_noise_ratio(found, counted, data_range=span))}
    if min(target.shape[2:]) >= WINDOW:
        peak = (lowest, lowest + span)
        similarity = (
            _similarity(output, target, peak) if valid is None else _masked(output, target, valid, peak)
        )
        values |= {} if similarity is None else {"ssim": similarity}
    return values


def _similarity(output: Tensor, target: Tensor, peak: tuple[float, float]) -> float:
    similarity = structural_similarity_index_measure(output, target, data_range=peak)
    assert isinstance(similarity, Tensor)
    return similarity.item()


def _masked(output: Tensor, target: Tensor, valid: Tensor, peak: tuple[float, float]) -> float | None:
    """The mean similarity over the pixels of which every pixel of the window counts; None where there are none."""
    images = (torch.where(valid, each, peak[0]) for each in (output, target))
    found = structural_similarity_index_measure(*images, data_range=peak, return_full_image=True)
    pool = functional.max_pool2d if target.ndim == 4 else functional.max_pool3d
    away = pool((~valid).to(output.dtype), WINDOW, stride=1, padding=WINDOW // 2) > 0
    inside = found[1][~away]
    return inside.mean().item() if inside.numel() else None
