"""What regression and segmentation models share: an optimizer, the last data, training steps and validation."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn

from wholefield.compat.msd_pytorch.errors import InputError
from wholefield.networks.msd.checkpoints import Settings
from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.modules import MSDModule
from wholefield.networks.msd.network import MSDNetwork, Pairs
from wholefield.networks.msd.scaling import scaling_module
from wholefield.networks.msd.spec import DEFAULT_DILATIONS

__all__ = ["MSDModel", "scaling_module"]


class MSDModel:
    """Base of the models; use MSDRegressionModel or MSDSegmentationModel.

    Args:
        c_in: Input channels.
        c_out: Output channels, or labels.
        depth: Hidden layers.
        width: Channels that every layer adds.
        dilations: Dilations in pixels; repeated until every layer has its own. [1, 2, 4, 8] is a good alternative.
        ndim: Spatial axes, 2 or 3.
        task: Regression or segmentation.
        loss: "L1" or "L2", the loss of a regression.
        class_weights: Weight of each label in the loss of a segmentation; all the same when None.
        ignore_label: Label whose pixels do not count; None for none.
        parallel: Split batches over all GPUs; the batch size must be a multiple of their number.

    Attributes:
        network: The network with its normalization.
        net: What computes: the network, or the network on several GPUs.
        criterion: Loss of an output and a target.
        optimizer: Adam over the trained parameters.
        input: Last input.
        target: Last target.
        output: Last output.
        loss: Last loss.

    Example:
        >>> import torch
        >>> from wholefield.compat.msd_pytorch import MSDModel
        >>> model = MSDModel(1, 1, depth=3, width=1)
        >>> image = torch.randn(1, 1, 16, 16)
        >>> model.learn(image, 2 * image)
        >>> model.get_loss() > 0, model.get_output().shape
        (True, torch.Size([1, 1, 16, 16]))
    """

    optimizer: torch.optim.Optimizer

    def __init__(
        self,
        c_in: int,
        c_out: int,
        depth: int,
        width: int,
        dilations: Iterable[int] = DEFAULT_DILATIONS,
        *,
        ndim: int = 2,
        task: Task = Task.REGRESSION,
        loss: str = "L2",
        class_weights: Iterable[float] | None = None,
        ignore_label: int | None = None,
        parallel: bool = False,
    ) -> None:
        network = MSDNetwork(
            c_in,
            c_out,
            depth,
            width,
            dilations,
            ndim=ndim,
            task=task,
            loss=loss,
            class_weights=class_weights,
            ignore_label=ignore_label,
        )
        self.network = network
        self.net: nn.Module = on_several_devices(network) if parallel else network
        self.criterion: Callable[[Tensor, Tensor], Tensor] = network.criterion
        self.input: Tensor | None = None
        self.target: Tensor | None = None
        self.output: Tensor | None = None
        self.loss: Tensor | None = None
        self.init_optimizer(network.msd)

    @property
    def msd(self) -> MSDModule:
        """The mixed-scale dense layers."""
        return self.network.msd

    @property
    def scale_in(self) -> nn.Conv2d | nn.Conv3d:
        """Normalizes the input; see set_normalization."""
        return self.network.scale_in

    @property
    def scale_out(self) -> nn.Conv2d | nn.Conv3d:
        """Undoes the normalization of the target of a regression."""
        return self.network.scale_out

    @property
    def task(self) -> Task:
        """Regression or segmentation."""
        return self.network.task

    @property
    def c_in(self) -> int:
        """Input channels."""
        return self.network.c_in

    @property
    def c_out(self) -> int:
        """Output channels, or labels."""
        return self.network.c_out

    @property
    def depth(self) -> int:
        """Hidden layers."""
        return self.network.depth

    @property
    def width(self) -> int:
        """Channels that every layer adds."""
        return self.network.width

    @property
    def ndim(self) -> int:
        """Spatial axes, 2 or 3."""
        return self.network.ndim

    @property
    def dilations(self) -> tuple[int, ...]:
        """Dilation of every layer."""
        return self.network.dilations

    @property
    def settings(self) -> Settings:
        """What is needed to build the same network again."""
        return self.network.settings

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self.network.device

    def init_optimizer(self, trainable_net: nn.Module) -> None:
        """Start Adam, with torch's defaults, over the parameters of a network."""
        self.optimizer = torch.optim.Adam(trainable_net.parameters())

    def to(self, device: torch.device | str) -> Self:
        """Move the network, its data follows; the model itself is returned."""
        self.net.to(device)
        for state in self.optimizer.state.values():
            moved = {
                name: each.to(device) for name, each in state.items() if torch.is_tensor(each) and each.ndim
            }
            state.update(moved)
        return self

    def set_input(self, data: Tensor) -> None:
        """Set the input, (batch, c_in, [slice,] row, column)."""
        self.input = data.to(self.device)

    def set_target(self, data: Tensor) -> None:
        """Set the target: (batch, c_out, [slice,] row, column), or labels (batch, 1, [slice,] row, column).

        Raises:
            ShapeError: Labels do not have exactly one channel (a RuntimeError).
            LabelError: A value is not a whole number or not a label (a ValueError).
        """
        self.target = self.network.as_target(data)

    def set_normalization(self, dataloader: Pairs) -> None:
        """Normalize input and, for regression, target to mean zero and standard deviation one from now on.

        One mean and one standard deviation are taken over all pixels and channels of the data, for the input and for
        the target. They are saved with the network and not trained.
        """
        self.network.set_normalization(dataloader)

    def forward(self, input: Tensor | None = None, target: Tensor | None = None) -> Tensor:
        """Loss of an input and a target; what is not given is taken from the last call.

        Args:
            input: (batch, c_in, [slice,] row, column).
            target: (batch, c_out, [slice,] row, column).

        Raises:
            InputError: Input or target was never set.
        """
        if input is not None:
            self.set_input(input)
        if target is not None:
            self.set_target(target)
        if self.input is None or self.target is None:
            raise InputError(
                "There is no input or no target yet; call set_input and set_target, or pass them."
            )
        output: Tensor = self.net(self.input)
        loss = self.criterion(output, self.target)
        self.output, self.loss = output, loss
        return loss

    def learn(self, input: Tensor | None = None, target: Tensor | None = None) -> None:
        """One step of the optimizer on an input and a target, as for :meth:`forward`."""
        self.optimizer.zero_grad()
        self.forward(input, target).backward()
        self.optimizer.step()

    def train(self, dataloader: Pairs, num_epochs: int) -> None:
        """Train on every (input, target) pair of a data loader, that many times."""
        self.net.train()
        for _ in range(num_epochs):
            for pair in dataloader:
                self.learn(pair[0], pair[1])

    def validate(self, dataloader: Pairs) -> float:
        """Mean loss over a data loader; batches count by their size.

        Raises:
            InputError: The data loader is empty.
        """
        self.net.eval()
        total, count = 0.0, 0
        with torch.no_grad():
            for pair in dataloader:
                total += self.forward(pair[0], pair[1]).item() * len(pair[0])
                count += len(pair[0])
        self.net.train()
        if not count:
            raise InputError("The data loader holds no pairs to validate on; check its paths.")
        return total / count

    def get_loss(self) -> float | None:
        """Mean loss of the last (input, target) pair; None before the first."""
        return None if self.loss is None else self.loss.item()

    def get_output(self) -> Tensor | None:
        """Output of the network for the last input; None before the first."""
        return self.output

    def print(self) -> None:
        """Print the network."""
        print(self.net)

    def save(self, path: str | Path, epoch: int, extra: Mapping[str, Any] | None = None) -> None:
        """Save parameters, optimizer, settings and dilations.

        Args:
            path: File to write.
            epoch: Epochs trained so far.
            extra: What else to keep in the file, plain values and tensors.
        """
        self.network.save(path, epoch, self.optimizer, extra)

    def load(self, path: str | Path) -> int:
        """Load parameters and optimizer from a file of ours or of msd_pytorch.

        Args:
            path: File to read.

        Returns:
            Epochs that the network has been trained for.

        Raises:
            CheckpointError: The file is of another kind or of a network of another shape (a RuntimeError).
        """
        return self.network.load(path, self.optimizer)


def on_several_devices(net: nn.Module) -> nn.Module:
    """The network on all GPUs, each taking its share of every batch.

    Raises:
        InputError: There is no GPU.
    """
    if not torch.cuda.is_available():
        raise InputError("There is no CUDA GPU to run in parallel on; leave parallel=False.")
    return nn.DataParallel(net.cuda())
