"""Mixed-scale dense networks that name a label for every pixel."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from wholefield.compat.msd_pytorch.errors import LabelError, ShapeError
from wholefield.compat.msd_pytorch.msd_model import MSDModel, Pairs
from wholefield.compat.msd_pytorch.parallel import on_several_devices
from wholefield.networks.msd.checkpoints import Task
from wholefield.networks.msd.scaling import Moments, normalise_input
from wholefield.networks.msd.spec import DEFAULT_DILATIONS


class MSDSegmentationModel(MSDModel):
    """A network for segmentation: normalise, mixed-scale dense network, logarithm of the probability of each label.

    Args:
        c_in: Input channels.
        num_labels: Number of labels; targets hold 0 to num_labels - 1.
        depth: Hidden layers.
        width: Channels that every layer adds.
        dilations: Dilations in pixels; repeated until every layer has its own. [1, 2, 4, 8] is a good alternative.
        parallel: Split batches over all GPUs; the batch size must be a multiple of their number.
        ndim: Spatial axes, 2 or 3.
        class_weights: Weight of each label in the loss; all the same when None.
        ignore_label: Label whose pixels do not count; None for none.

    Raises:
        InputError: There is no GPU for parallel.
    """

    task = Task.SEGMENTATION

    def __init__(
        self,
        c_in: int,
        num_labels: int,
        depth: int,
        width: int,
        *,
        dilations: Iterable[int] = DEFAULT_DILATIONS,
        parallel: bool = False,
        ndim: int = 2,
        class_weights: Iterable[float] | None = None,
        ignore_label: int | None = None,
    ) -> None:
        super().__init__(c_in, num_labels, depth, width, dilations, ndim)
        self.num_labels, self.ignore_label = num_labels, ignore_label
        weights = None if class_weights is None else torch.tensor(list(class_weights), dtype=torch.float32)
        self.criterion = nn.NLLLoss(weights, ignore_index=-100 if ignore_label is None else ignore_label)
        self.net = nn.Sequential(self.scale_in, nn.Sequential(self.msd, nn.LogSoftmax(dim=1)))
        if parallel:
            self.net = on_several_devices(self.net)
        self.init_optimizer(self.msd)

    def to(self, device: torch.device | str) -> "MSDSegmentationModel":
        """Move the network, its data follows; the model itself is returned."""
        super().to(device)
        self.criterion.to(device)
        return self

    def set_normalization(self, dataloader: Pairs) -> None:
        """Normalise the input to mean zero and standard deviation one from now on; labels stay as they are."""
        inputs = Moments()
        for pair in dataloader:
            inputs.add(pair[0])
        normalise_input(self.scale_in, inputs)

    def set_target(self, data: Tensor) -> None:
        """Set the labels: (batch, 1, [slice,] row, column), integers from 0 to num_labels - 1.

        Raises:
            ShapeError: There is not exactly one channel (a RuntimeError).
            LabelError: A value is not a whole number or not a label (a ValueError).
        """
        if data.ndim != self.ndim + 2 or data.shape[1] != 1:
            raise ShapeError(
                f"Labels have one channel, (batch, 1, ...) with {self.ndim} spatial axes, "
                f"but the target is {tuple(data.shape)}: pass one label image per input."
            )
        labels = data.squeeze(1).long()
        if data.is_floating_point() and not torch.equal(labels.to(data.dtype), data.squeeze(1)):
            raise LabelError(
                "The target holds values that are not whole numbers: pass labels, not intensities."
            )
        counted = labels if self.ignore_label is None else labels[labels != self.ignore_label]
        if counted.numel() and not 0 <= counted.min() <= counted.max() < self.num_labels:
            raise LabelError(
                f"The target holds labels from {int(counted.min())} to {int(counted.max())}, the network knows "
                f"0 to {self.num_labels - 1}: pass labels=[...] to ImageDataset, or raise num_labels."
            )
        self.target = labels.to(self.device)
