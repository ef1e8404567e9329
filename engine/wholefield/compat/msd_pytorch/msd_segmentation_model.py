"""Models that name a label for every pixel."""

from collections.abc import Iterable

from wholefield.compat.msd_pytorch.msd_model import MSDModel
from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.spec import DEFAULT_DILATIONS


class MSDSegmentationModel(MSDModel):
    """A network for segmentation: normalize, mixed-scale dense network, logarithm of the probability of each label.

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
        OptionError: A number is too small (an InputError and a ValueError).
        InputError: There is no GPU for parallel.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch import MSDSegmentationModel
        >>> image = torch.randn(2, 1, 16, 16)
        >>> data = [(image, (image > 0).long())]
        >>> model = MSDSegmentationModel(1, 2, depth=3, width=1)
        >>> model.set_normalization(data)
        >>> model.train(data, num_epochs=2)
        >>> model.get_output().argmax(1).shape
        torch.Size([2, 16, 16])
    """

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
        super().__init__(
            c_in,
            num_labels,
            depth,
            width,
            dilations,
            ndim=ndim,
            task=Task.SEGMENTATION,
            class_weights=class_weights,
            ignore_label=ignore_label,
            parallel=parallel,
        )

    @property
    def num_labels(self) -> int:
        """Number of labels."""
        return self.network.c_out
