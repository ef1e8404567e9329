"""What regression and segmentation networks share: data, normalisation, training steps, validation and files."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from wholefield.compat.msd_pytorch.errors import CheckpointError, InputError
from wholefield.compat.msd_pytorch.msd_module import MSDModule
from wholefield.networks.msd.checkpoints import Settings, Task, read_checkpoint, write_checkpoint
from wholefield.networks.msd.msd_block import MSDModule2d, MSDNetwork
from wholefield.networks.msd.scaling import Moments, denormalise_output, normalise_input, scaling_module
from wholefield.networks.msd.spec import DEFAULT_DILATIONS

__all__ = ["MSDModel", "scaling_module"]

Pairs = Iterable[Sequence[Tensor]]
"""Pairs of input and target, such as a torch DataLoader gives."""


class MSDModel:
    """Base of the models; use MSDRegressionModel or MSDSegmentationModel.

    Args:
        c_in: Input channels.
        c_out: Output channels.
        depth: Hidden layers.
        width: Channels that every layer adds.
        dilations: Dilations in pixels; repeated until every layer has its own. [1, 2, 4, 8] is a good alternative.
        ndim: Spatial axes, 2 or 3.

    Attributes:
        msd: The mixed-scale dense network.
        net: The whole network with normalisation, as a subclass puts it together.
        scale_in: Normalises the input; see set_normalization.
        scale_out: Undoes the normalisation of the target.
        criterion: Loss of an output and a target.
        optimizer: Adam over the trained parameters.
        input: Last input.
        target: Last target.
        output: Last output.
        loss: Last loss.
    """

    task: Task
    net: nn.Module
    criterion: nn.Module
    optimizer: torch.optim.Optimizer

    def __init__(
        self,
        c_in: int,
        c_out: int,
        depth: int,
        width: int,
        dilations: Iterable[int] = DEFAULT_DILATIONS,
        ndim: int = 2,
    ) -> None:
        self.c_in, self.c_out, self.depth, self.width, self.ndim = c_in, c_out, depth, width, ndim
        self.msd: MSDNetwork = (
            MSDModule2d(c_in, c_out, depth, width, dilations)
            if ndim == 2
            else MSDModule(c_in, c_out, depth, width, dilations, ndim)
        )
        self.scale_in = scaling_module(c_in, c_in, conv3d=ndim == 3)
        self.scale_out = scaling_module(c_out, c_out, conv3d=ndim == 3)
        self.input: Tensor | None = None
        self.target: Tensor | None = None
        self.output: Tensor | None = None
        self.loss: Tensor | None = None

    @property
    def dilations(self) -> tuple[int, ...]:
        """Dilation of every layer."""
        return self.msd.dilations

    @property
    def settings(self) -> Settings:
        """What is needed to build the same network again."""
        return Settings(self.task, self.c_in, self.c_out, self.depth, self.width, self.dilations, self.ndim)

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self.msd.final_layer.linear.weight.device

    def init_optimizer(self, trainable_net: nn.Module) -> None:
        """Start Adam, with torch's defaults, over the parameters of a network."""
        self.optimizer = torch.optim.Adam(trainable_net.parameters())

    def to(self, device: torch.device | str) -> "MSDModel":
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
        """Set the target, (batch, c_out, [slice,] row, column)."""
        self.target = data.to(self.device)

    def set_normalization(self, dataloader: Pairs) -> None:
        """Normalise input and target to mean zero and standard deviation one from now on.

        One mean and one standard deviation are taken over all pixels and channels of the data, for the input and for
        the target. They are saved with the network and not trained.
        """
        inputs, targets = Moments(), Moments()
        for pair in dataloader:
            inputs.add(pair[0])
            targets.add(pair[1])
        normalise_input(self.scale_in, inputs)
        denormalise_output(self.scale_out, targets)

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
        loss: Tensor = self.criterion(output, self.target)
        self.output, self.loss = output, loss
        return loss

    def learn(self, input: Tensor | None = None, target: Tensor | None = None) -> None:
        """One step of the optimiser on an input and a target, as for :meth:`forward`."""
        self.optimizer.zero_grad()
        self.forward(input, target).backward()
        self.optimizer.step()

    def train(self, dataloader: Pairs, num_epochs: int) -> None:
        """Train on every (input, target) pair of a data loader, so many times."""
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
        """Save parameters, optimiser, settings and dilations.

        Args:
            path: File to write.
            epoch: Epochs trained so far.
            extra: What else to keep in the file, plain values and tensors.
        """
        optimizer = self.optimizer.state_dict()
        write_checkpoint(path, epoch, self.plain_net_state(), optimizer, self.settings, extra)

    def load(self, path: str | Path) -> int:
        """Load parameters and optimiser from a file of ours or of msd_pytorch.

        Args:
            path: File to read.

        Returns:
            Epochs that the network has been trained for.

        Raises:
            CheckpointError: The file is of another kind or of a network of another shape (a RuntimeError).
        """
        checkpoint = read_checkpoint(path)
        self._check_same(checkpoint.settings, checkpoint.dilations_stored, path)
        self.load_plain_state(checkpoint.state)
        if checkpoint.optimizer is not None and self._fits(checkpoint.optimizer):
            self.optimizer.load_state_dict(checkpoint.optimizer)
        return checkpoint.epoch

    def plain_net_state(self) -> dict[str, Tensor]:
        """Parameters of the whole network by their names in a checkpoint."""
        return dict(self._plain_net().state_dict())

    def load_plain_state(self, state: dict[str, Tensor]) -> None:
        """Take over parameters by their names in a checkpoint."""
        self._plain_net().load_state_dict(state)

    def _plain_net(self) -> nn.Module:
        return self.net.module if isinstance(self.net, nn.DataParallel) else self.net

    def _check_same(self, settings: Settings, dilations_stored: bool, path: str | Path) -> None:
        expected = self.settings
        for name in ("task", "c_in", "c_out", "depth", "width", "ndim", *(["dilations"] * dilations_stored)):
            found, wanted = getattr(settings, name), getattr(expected, name)
            if found != wanted:
                raise CheckpointError(
                    f"{path} holds a network with {name} {found}, this one has {wanted}: "
                    f"build it with the same settings, or open the file with open_model."
                )

    def _fits(self, optimizer: dict[str, Any]) -> bool:
        """Whether an optimiser's state is one for as many parameters, which a pruned network's may not be."""
        groups = optimizer.get("param_groups", [])
        own = self.optimizer.state_dict()["param_groups"]
        return [len(each["params"]) for each in groups] == [len(each["params"]) for each in own]
