"""A complete mixed-scale dense network: normalization, layers, loss and file, for regression and segmentation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from wholefield.errors import SourceError
from wholefield.networks.msd.checkpoints import Settings, check_same, read_checkpoint, write_checkpoint
from wholefield.networks.msd.enums import Loss, Task
from wholefield.networks.msd.errors import CheckpointError, LabelError, OptionError, ShapeError
from wholefield.networks.msd.modules import MSDModule
from wholefield.networks.msd.scaling import Moments, denormalize_output, normalize_input, scaling_module
from wholefield.networks.msd.spec import DEFAULT_DILATIONS, repeat_dilations
from wholefield.networks.state_files import load_state

Pairs = Iterable[Sequence[Tensor]]
"""Pairs of input and target, such as a torch DataLoader gives."""


class MSDNetwork(nn.Sequential):
    """A trainable mixed-scale dense network (Pelt and Sethian 2017, doi 10.1073/pnas.1715832114).

    For regression it is normalization, layers, and the normalization of the target undone; for segmentation
    normalization, layers, and the logarithm of the softmax. Its state dict has the keys of msd_pytorch's checkpoints.

    Args:
        c_in: Input channels.
        c_out: Output channels; for segmentation the number of labels.
        depth: Hidden layers.
        width: Channels that every layer adds.
        dilations: Dilations in pixels; repeated until every layer has its own.
        ndim: Spatial axes, 2 or 3.
        task: Regression or segmentation.
        loss: Loss of a regression.
        class_weights: Weight of each label in the loss of a segmentation; all the same when None.
        ignore_label: Label whose pixels do not count in the loss of a segmentation; None for none.

    Raises:
        OptionError: A value cannot work (a ValueError).

    Example:
        >>> import torch
        >>> from wholefield.networks.msd import MSDNetwork, Task
        >>> network = MSDNetwork(1, 2, depth=3, dilations=[1, 2, 4], task=Task.SEGMENTATION)
        >>> image, labels = torch.randn(1, 1, 16, 16), torch.zeros(1, 1, 16, 16)
        >>> network.set_normalization([(image, labels)])
        >>> network(image).shape
        torch.Size([1, 2, 16, 16])
        >>> network.loss(network(image), labels)
        tensor(0.6931, grad_fn=<NllLoss2DBackward0>)
    """

    class_weights: Tensor | None

    def __init__(
        self,
        c_in: int,
        c_out: int,
        depth: int,
        width: int = 1,
        dilations: Iterable[int] = DEFAULT_DILATIONS,
        *,
        ndim: int = 2,
        task: Task | str = Task.REGRESSION,
        loss: Loss | str = Loss.L2,
        class_weights: Iterable[float] | None = None,
        ignore_label: int | None = None,
    ) -> None:
        if loss not in list(Loss) or task not in list(Task):
            raise OptionError(
                f"The loss {loss!r} or the task {task!r} is not known; choose one of {', '.join((*Loss, *Task))}."
            )
        task = Task(task)
        msd = MSDModule(c_in, c_out, depth, width, dilations, ndim)
        scale_in = scaling_module(c_in, c_in, conv3d=ndim == 3)
        if task is Task.SEGMENTATION:
            super().__init__(scale_in, nn.Sequential(msd, nn.LogSoftmax(dim=1)))
        else:
            super().__init__(scale_in, msd, scaling_module(c_out, c_out, conv3d=ndim == 3))
        self.c_in, self.c_out, self.depth, self.width, self.ndim = c_in, c_out, depth, width, ndim
        self.task, self.regression_loss, self.ignore_label = task, Loss(loss), ignore_label
        weights = None if class_weights is None else torch.tensor(list(class_weights), dtype=torch.float32)
        self.register_buffer("class_weights", weights, persistent=False)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """A new network from what a checkpoint says of it."""
        return cls(
            settings.c_in,
            settings.c_out,
            settings.depth,
            settings.width,
            settings.dilations,
            ndim=settings.ndim,
            task=settings.task,
        )

    @classmethod
    def from_checkpoint(cls, path: str | Path, dilations: Iterable[int] | None = None) -> Self:
        """Open a checkpoint of ours or of msd_pytorch; its shape and task are read off its parameters.

        Args:
            path: The file.
            dilations: Dilations that the network was trained with, for files that do not store them; 1 to 10 when
                None.

        Returns:
            The network, on the CPU.

        Raises:
            CheckpointError: The file is of another kind, or stores other dilations than those given.
        """
        checkpoint = read_checkpoint(path)
        settings = checkpoint.settings
        if dilations is not None:
            given = repeat_dilations(dilations, settings.depth)
            if checkpoint.dilations_stored and given != settings.dilations:
                raise CheckpointError(
                    f"{path} was trained with dilations {settings.dilations}; do not pass dilations."
                )
            settings = replace(settings, dilations=given)
        network = cls.of(settings)
        try:
            load_state(network, checkpoint.state, str(path))
        except SourceError as error:
            raise CheckpointError(str(error)) from error
        return network

    @property
    def scale_in(self) -> nn.Conv2d | nn.Conv3d:
        """Normalizes the input; see :meth:`set_normalization`."""
        return cast(nn.Conv2d | nn.Conv3d, self[0])

    @property
    def msd(self) -> MSDModule:
        """The layers, without normalization and softmax."""
        body = self[1]
        return cast(MSDModule, body[0] if isinstance(body, nn.Sequential) else body)

    @property
    def scale_out(self) -> nn.Conv2d | nn.Conv3d:
        """Undoes the normalization of the target; only regressions have it."""
        return cast(nn.Conv2d | nn.Conv3d, self[2])

    @property
    def dilations(self) -> tuple[int, ...]:
        """Dilation of every layer, in pixels."""
        return self.msd.dilations

    @property
    def strip(self) -> int | None:
        """Rows (slices) whose gradients are computed at once; None for the whole image. See :class:`MSDModule`."""
        return self.msd.strip

    @strip.setter
    def strip(self, rows: int | None) -> None:
        self.msd.strip = rows

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return self.msd.final_layer.linear.weight.device

    @property
    def settings(self) -> Settings:
        """What is needed to build the same network again."""
        return Settings(self.task, self.c_in, self.c_out, self.depth, self.width, self.dilations, self.ndim)

    def set_normalization(self, pairs: Pairs) -> None:
        """Normalize the input, and for regression the target, to mean zero and standard deviation one from now on.

        One mean and one standard deviation are taken over all pixels and channels, for the input and for the target.
        They are saved with the network and not trained.

        Args:
            pairs: Inputs and targets, float tensors of any shape; the target of a segmentation is not looked at.

        Raises:
            InputError: There are no pairs.
        """
        inputs, targets = Moments(), Moments()
        for pair in pairs:
            inputs.add(pair[0])
            if self.task is Task.REGRESSION:
                targets.add(pair[1])
        normalize_input(self.scale_in, inputs)
        if self.task is Task.REGRESSION:
            denormalize_output(self.scale_out, targets)

    def as_target(self, data: Tensor) -> Tensor:
        """A target as :meth:`criterion` takes it, checked and on the device of the network.

        Args:
            data: (batch, c_out, [slice,] row, column), or labels (batch, 1, [slice,] row, column) from 0 to c_out - 1.

        Returns:
            The same values, or labels (batch, [slice,] row, column), int64.

        Raises:
            ShapeError: Labels do not have exactly one channel (a RuntimeError).
            LabelError: A value is not a whole number or not a label (a ValueError).
        """
        if self.task is Task.REGRESSION:
            return data.to(self.device)
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
        if counted.numel() and not 0 <= counted.min() <= counted.max() < self.c_out:
            raise LabelError(
                f"The target holds labels from {int(counted.min())} to {int(counted.max())}, the network knows "
                f"0 to {self.c_out - 1}: pass labels=[...] to ImageDataset, or raise num_labels."
            )
        return labels.to(self.device)

    def criterion(self, output: Tensor, target: Tensor) -> Tensor:
        """The loss of an output against a target of :meth:`as_target`: a scalar, mean over all pixels that count."""
        if self.task is Task.SEGMENTATION:
            ignored = -100 if self.ignore_label is None else self.ignore_label
            return functional.nll_loss(output, target, self.class_weights, ignore_index=ignored)
        measure = functional.l1_loss if self.regression_loss is Loss.L1 else functional.mse_loss
        return measure(output, target)

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """The loss of an output of the network against a target, as :meth:`as_target` takes it: a scalar."""
        return self.criterion(output, self.as_target(target))

    def save(
        self,
        path: str | Path,
        epoch: int,
        optimizer: torch.optim.Optimizer | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Write a checkpoint; the path holds the old content or the new one at every moment.

        Args:
            path: File to write.
            epoch: Epochs trained so far.
            optimizer: Whose state to keep, too.
            extra: What else to keep in the file, plain values and tensors.
        """
        state = None if optimizer is None else optimizer.state_dict()
        write_checkpoint(path, epoch, self.state_dict(), state, self.settings, extra)

    def load(self, path: str | Path, optimizer: torch.optim.Optimizer | None = None) -> int:
        """Take over the parameters of a checkpoint of ours or of msd_pytorch.

        Args:
            path: File to read.
            optimizer: Takes over its state as well, if the file holds one for as many parameters.

        Returns:
            Epochs that the network has been trained for.

        Raises:
            CheckpointError: The file is of another kind or of a network of another shape (a RuntimeError).
        """
        checkpoint = read_checkpoint(path)
        check_same(checkpoint, self.settings, path)
        self.load_state_dict(checkpoint.state)
        if optimizer is not None and checkpoint.fits(optimizer):
            assert checkpoint.optimizer is not None
            optimizer.load_state_dict(checkpoint.optimizer)
        return checkpoint.epoch
