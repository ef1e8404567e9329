"""Models that predict numbers: denoising, artifact removal, super-resolution."""

from collections.abc import Iterable

from wholefield.compat.msd_pytorch.msd_model import MSDModel
from wholefield.networks.msd.spec import DEFAULT_DILATIONS


class MSDRegressionModel(MSDModel):
    """A network for regression: normalize, mixed-scale dense network, undo the normalization of the target.

    Args:
        c_in: Input channels.
        c_out: Output channels.
        depth: Hidden layers.
        width: Channels that every layer adds.
        dilations: Dilations in pixels; repeated until every layer has its own. [1, 2, 4, 8] is a good alternative.
        loss: "L1" (mean absolute error) or "L2" (mean squared error).
        parallel: Split batches over all GPUs; the batch size must be a multiple of their number.
        ndim: Spatial axes, 2 or 3.

    Raises:
        OptionError: The loss has another name, or a number is too small (an InputError and a ValueError).
        InputError: There is no GPU for parallel.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch import MSDRegressionModel
        >>> image = torch.randn(2, 1, 16, 16)
        >>> data = [(image, 3 * image + 1)]
        >>> model = MSDRegressionModel(1, 1, depth=3, width=1, dilations=[1, 2, 4])
        >>> model.set_normalization(data)
        >>> before = model.validate(data)
        >>> model.train(data, num_epochs=5)
        >>> model.validate(data) < before
        True
    """

    def __init__(
        self,
        c_in: int,
        c_out: int,
        depth: int,
        width: int,
        *,
        dilations: Iterable[int] = DEFAULT_DILATIONS,
        loss: str = "L2",
        parallel: bool = False,
        ndim: int = 2,
    ) -> None:
        super().__init__(c_in, c_out, depth, width, dilations, ndim=ndim, loss=loss, parallel=parallel)
