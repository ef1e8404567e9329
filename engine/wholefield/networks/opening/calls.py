"""A network made of a list of calls on named values, as programs in files describe it; nothing is compiled or run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from torch.utils._pytree import tree_map


@dataclass(frozen=True)
class Named:
    """A value by its name in the program."""

    name: str


@dataclass(frozen=True)
class ProgramCall:
    """One call.

    Attributes:
        function: What is called.
        args: Positional arguments: plain values, and `Named` ones in any nesting.
        kwargs: Named arguments.
        results: Names of its results; several where it gives several.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    results: tuple[str, ...]


class CallList(nn.Module):
    """Runs calls in their order; values are dropped after their last use.

    Attributes:
        calls: The calls.
        inputs: Names of the inputs.
        outputs: The outputs, with `Named` values in any nesting.
    """

    def __init__(
        self,
        calls: Sequence[ProgramCall],
        tensors: Mapping[str, Tensor],
        inputs: Sequence[str],
        outputs: Any,
    ) -> None:
        """Take a program.

        Args:
            calls: Its calls, each after those whose results it uses.
            tensors: Its parameters and constants by the names that calls use; parameters are `nn.Parameter`.
            inputs: Names of what the network is given.
            outputs: What it returns.
        """
        super().__init__()
        self.calls, self.inputs, self.outputs = tuple(calls), tuple(inputs), outputs
        # Names of programs may hold dots, names of parameters may not.
        self._places = {name: f"tensor_{index}" for index, name in enumerate(tensors)}
        for name, tensor in tensors.items():
            if isinstance(tensor, nn.Parameter):
                self.register_parameter(self._places[name], tensor)
            else:
                self.register_buffer(self._places[name], tensor)
        self._last = self._last_uses()

    def forward(self, *images: Tensor) -> Any:
        """The outputs for as many inputs as the program has."""
        values: dict[str, Any] = dict(zip(self.inputs, images, strict=True))

        def value(leaf: Any) -> Any:
            if not isinstance(leaf, Named):
                return leaf
            return getattr(self, self._places[leaf.name]) if leaf.name in self._places else values[leaf.name]

        for index, call in enumerate(self.calls):
            result = call.function(*tree_map(value, call.args), **tree_map(value, dict(call.kwargs)))
            several = len(call.results) > 1
            for name, each in zip(call.results, result if several else (result,), strict=True):
                values[name] = each
            for name in self._last.get(index, ()):
                values.pop(name, None)
        return tree_map(value, self.outputs)

    def _last_uses(self) -> dict[int, list[str]]:
        """Which values no later call uses, by the index of a call."""
        kept: set[str] = set()
        tree_map(lambda leaf: kept.add(leaf.name) if isinstance(leaf, Named) else None, self.outputs)
        last: dict[str, int] = {}
        for index, call in enumerate(self.calls):
            tree_map(
                lambda leaf, index=index: (
                    last.__setitem__(leaf.name, index) if isinstance(leaf, Named) else None
                ),
                (call.args, dict(call.kwargs)),
            )
        found: dict[int, list[str]] = {}
        for name, index in last.items():
            if name not in kept:
                found.setdefault(index, []).append(name)
        return found
