"""The tensors of a program's slots: the network's own, and what it computes from them and from the whole image."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from wholefield.streaming.operations.call import Slot
from wholefield.streaming.tracing.program import Preparation, Program, Statistic


class SlotValues:
    """Tensors of slots, found in the order of the stages, under autograd."""

    def __init__(self, program: Program, network: nn.Module, depths: Sequence[int]) -> None:
        """Compute what does not depend on the image.

        Args:
            program: The traced network.
            network: Whose parameters and buffers it names.
            depths: The stage before which each slot can be computed.
        """
        self._program = program
        self._named = dict(network.named_parameters(remove_duplicate=False)) | dict(
            network.named_buffers(remove_duplicate=False)
        )
        self._tensors: dict[int, Tensor] = {}
        self._waiting = [
            [k for k, depth in enumerate(depths) if depth == stage]
            for stage in range(max(depths, default=0) + 1)
        ]
        self._stage = -1
        self.advance()

    def put(self, slot: int, tensor: Tensor) -> None:
        """Take a statistic that was found."""
        self._tensors[slot] = tensor

    def advance(self) -> None:
        """Compute what the statistics of the stage that was just finished allow."""
        self._stage += 1
        for k in self._waiting[self._stage] if self._stage < len(self._waiting) else ():
            source = self._program.slots[k]
            if isinstance(source, Preparation):
                self._tensors[k] = self._computed(source)
            elif not isinstance(source, Statistic):
                self._tensors[k] = self._named[source] if isinstance(source, str) else source

    def __getitem__(self, slot: int) -> Tensor:
        """The tensor of a slot."""
        return self._tensors[slot]

    def _computed(self, call: Preparation) -> Tensor:
        args, kwargs = tree_map(
            lambda leaf: self._tensors[leaf.index] if isinstance(leaf, Slot) else leaf,
            (call.args, dict(call.kwargs)),
        )
        with torch.set_grad_enabled(call.grad and torch.is_grad_enabled()):
            result = call.function(*args, **kwargs)
        return result if call.pick is None else result[call.pick]
