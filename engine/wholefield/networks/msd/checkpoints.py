"""Checkpoints: ours and those of msd_pytorch, data-parallel and pruned ones included.

A file holds ``epoch``, ``state_dict`` and ``optimizer``; ours also ``settings``, with the dilations, which
cannot be read off the parameters.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wholefield.errors import SourceError
from wholefield.files import replacing
from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.errors import CheckpointError
from wholefield.networks.msd.spec import DEFAULT_DILATIONS, repeat_dilations
from wholefield.networks.state_files import read_content, state_in

WRAPPING = re.compile(r"^(?:network|model|net|_orig_mod)\.|(^|\.)module\.")
OWN = ("epoch", "state_dict", "optimizer", "settings")


@dataclass(frozen=True)
class Settings:
    """Everything that is needed to build a network.

    Attributes:
        task: What it is trained for.
        c_in: Input channels.
        c_out: Output channels, or labels.
        depth: Hidden layers.
        width: Channels that every layer adds.
        dilations: Dilation of every layer.
        ndim: Spatial axes, 2 or 3.

    Example:
        >>> from wholefield.networks.msd import MSDNetwork
        >>> MSDNetwork(1, 1, depth=2, dilations=[1, 2]).settings.dilations
        (1, 2)
    """

    task: Task
    c_in: int
    c_out: int
    depth: int
    width: int
    dilations: tuple[int, ...]
    ndim: int

    def to_plain(self) -> dict[str, Any]:
        """As plain values, for a file."""
        return {**asdict(self), "task": self.task.value, "dilations": list(self.dilations)}


@dataclass(frozen=True)
class Checkpoint:
    """A file's content.

    Attributes:
        epoch: Epochs trained.
        state: Parameters by name, without the marks of data-parallel training and pruning.
        optimizer: State of the optimizer; None where the file has none.
        settings: What the network looks like; its dilations are the default where the file does not know them.
        dilations_stored: Whether the file knows the dilations.
        extra: What else its writer keeps in it.

    Example:
        >>> from wholefield.networks.msd import MSDNetwork, read_checkpoint
        >>> MSDNetwork(1, 1, depth=2).save("net.ckpt", 7)
        >>> checkpoint = read_checkpoint("net.ckpt")
        >>> checkpoint.epoch, checkpoint.settings.depth, checkpoint.dilations_stored
        (7, 2, True)
    """

    epoch: int
    state: dict[str, Tensor]
    optimizer: dict[str, Any] | None
    settings: Settings
    dilations_stored: bool
    extra: Mapping[str, Any] = field(default_factory=dict)

    def fits(self, optimizer: torch.optim.Optimizer) -> bool:
        """Whether the file has a state for as many parameters as an optimizer has, which a pruned network's may not."""
        if self.optimizer is None:
            return False
        own, stored = optimizer.state_dict()["param_groups"], self.optimizer.get("param_groups", [])
        return [len(each["params"]) for each in stored] == [len(each["params"]) for each in own]


def plain_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Parameters under their own names: no ``module.`` or ``model.`` prefix, pruned weights times their masks."""
    stripped = {WRAPPING.sub(r"\1", name): tensor for name, tensor in state.items()}
    plain = {}
    for name, tensor in stripped.items():
        if name.endswith("_orig"):
            base = name.removesuffix("_orig")
            plain[base] = tensor * stripped[f"{base}_mask"].to(tensor.dtype)
        elif not name.endswith("_mask"):
            plain[name] = tensor
    return plain


def read_settings(state: Mapping[str, Tensor]) -> Settings:
    """Depth, width, channels and task by the names and shapes of the parameters; default dilations.

    Raises:
        CheckpointError: They are not those of a mixed-scale dense network.
    """
    task = Task.SEGMENTATION if any(name.startswith("1.0.") for name in state) else Task.REGRESSION
    prefix = "1.0." if task is Task.SEGMENTATION else "1."
    kernels = [name for name in state if re.fullmatch(re.escape(prefix) + r"msd_block\.weight\d+", name)]
    final = state.get(f"{prefix}final_layer.linear.weight")
    first = state.get(f"{prefix}msd_block.weight0")
    if first is None or final is None:
        raise CheckpointError(
            "The file holds no mixed-scale dense network; choose one saved by MSDModel.save."
        )
    depth = len(kernels)
    return Settings(
        task,
        first.shape[1],
        final.shape[0],
        depth,
        first.shape[0],
        repeat_dilations(DEFAULT_DILATIONS, depth),
        first.ndim - 2,
    )


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Read a file onto the CPU; nothing in it is executed.

    Args:
        path: A checkpoint of ours or of msd_pytorch.

    Returns:
        What it holds.

    Raises:
        CheckpointError: It is not a checkpoint of a mixed-scale dense network.

    Example:
        >>> from wholefield.networks.msd import MSDNetwork, read_checkpoint
        >>> MSDNetwork(1, 1, depth=1).save("net.ckpt", 3)
        >>> sorted(read_checkpoint("net.ckpt").state)[:2]
        ['0.bias', '0.weight']
    """
    try:
        if not Path(path).is_file():
            raise CheckpointError(f"The file {path} does not exist; check the path.")
        content = read_content(Path(path))
        state = plain_state(state_in(content, str(path)))
    except (SourceError, KeyError) as error:
        raise CheckpointError(
            f"{path} is not a checkpoint of a mixed-scale dense network ({error}); choose one saved by MSDModel.save."
        ) from error
    settings, stored = read_settings(state), content.get("settings")
    if stored is not None:
        settings = Settings(
            **{**stored, "task": Task(stored["task"]), "dilations": tuple(stored["dilations"])}
        )
    extra = {name: value for name, value in content.items() if name not in OWN}
    epoch = int(content.get("epoch", 0))
    return Checkpoint(epoch, state, content.get("optimizer"), settings, stored is not None, extra)


def check_same(checkpoint: Checkpoint, expected: Settings, path: str | Path) -> None:
    """Refuse a checkpoint of a network of another shape.

    Raises:
        CheckpointError: It differs in task, channels, depth, width, axes or stored dilations.
    """
    names = [
        "task",
        "c_in",
        "c_out",
        "depth",
        "width",
        "ndim",
        *(["dilations"] * checkpoint.dilations_stored),
    ]
    for name in names:
        found, wanted = getattr(checkpoint.settings, name), getattr(expected, name)
        if found != wanted:
            raise CheckpointError(
                f"{path} holds a network with {name} {found}, this one has {wanted}: "
                f"build it with the same settings, or open the file with open_model."
            )


def write_checkpoint(
    path: str | Path,
    epoch: int,
    state: Mapping[str, Tensor],
    optimizer: Mapping[str, Any] | None,
    settings: Settings,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write a checkpoint; the path holds the old content or the new one at every moment.

    Args:
        path: File to write.
        epoch: Epochs trained so far.
        state: Parameters by name.
        optimizer: State of the optimizer; None if there is none.
        settings: What the network looks like.
        extra: What else to keep, plain values and tensors.

    Example:
        >>> from wholefield.networks.msd import MSDNetwork, read_checkpoint, write_checkpoint
        >>> network = MSDNetwork(1, 1, depth=1)
        >>> write_checkpoint("net.ckpt", 3, network.state_dict(), None, network.settings, {"note": "ours"})
        >>> dict(read_checkpoint("net.ckpt").extra)
        {'note': 'ours'}
    """
    content = {"epoch": epoch, "state_dict": dict(state), "settings": settings.to_plain()}
    content |= extra or {}
    if optimizer is not None:
        content["optimizer"] = dict(optimizer)
    with replacing(Path(path)) as temporary:
        torch.save(content, temporary)
