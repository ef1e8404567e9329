"""Mixed-scale dense networks that predict numbers: denoising, artefact removal, super-resolution."""

from collections.abc import Iterable

from torch import nn

from wholefield.compat.msd_pytorch.errors import InputError
from wholefield.compat.msd_pytorch.msd_model import MSDModel
from wholefield.compat.msd_pytorch.parallel import on_several_devices
from wholefield.networks.msd.checkpoints import Task
from wholefield.networks.msd.spec import DEFAULT_DILATIONS

LOSSES = {"L1": nn.L1Loss, "L2": nn.MSELoss}


class MSDRegressionModel(MSDModel):
    """A network for regression: normalise, mixed-scale dense network, undo the normalisation of the target.

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
        InputError: The loss has another name, or there is no GPU for parallel.
    """

    task = Task.REGRESSION

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
        super().__init__(c_in, c_out, depth, width, dilations, ndim)
        if loss not in LOSSES:
            raise InputError(f"The loss {loss!r} is not known; choose one of {', '.join(LOSSES)}.")
        self.criterion = LOSSES[loss]()
        self.net = nn.Sequential(self.scale_in, self.msd, self.scale_out)
        if parallel:
            self.net = on_several_devices(self.net)
        self.init_optimizer(self.msd)
