"""Answering the torch calls of a forward with tensors without data, and noting down what they compute."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.hooks import RemovableHandle

from wholefield.streaming.errors import NotLocalError, StreamingError, called, needs_values
from wholefield.streaming.geometry.spans import Span
from wholefield.streaming.operations import Call, Refusal, composite_for, local_for, reduced_for
from wholefield.streaming.operations.border import part_set
from wholefield.streaming.operations.call import Compute, Operand, Ref, Slot, Take
from wholefield.streaming.operations.over_image import StatisticKind, over_image
from wholefield.streaming.operations.resize import RESIZING
from wholefield.streaming.tracing.aten import spelled
from wholefield.streaming.tracing.call_site import calling, is_the_users
from wholefield.streaming.tracing.op_names import (
    in_place,
    operation_name,
    out_of_place,
    reads_property,
    writes_itself,
)
from wholefield.streaming.tracing.precision import Precision
from wholefield.streaming.tracing.program import Node, Preparation, Program, Statistic
from wholefield.streaming.tracing.shortcuts import result_of
from wholefield.streaming.tracing.traced_tensors import TracedTensors

_PLAIN = (bool, int, float, complex, str, type(None), torch.dtype, torch.device)
_VALUES = frozenset(
    "item tolist numpy equal allclose is_nonzero __bool__ __int__ __float__ __index__".split()
)
_HOOKS = frozenset(["register_hook", "register_post_accumulate_grad_hook"])
_WRITES = {
    "retain_grad": "no gradient of a tensor inside is ever whole. Return the tensor, and retain its gradient outside.",
}
_Function = TypeVar("_Function", bound=Callable[..., Any])
_ARGUMENT = tuple[tuple[Any, ...], dict[str, Any]]


class Tracer(TorchFunctionMode):
    """Sees every torch call of the forward, answers with tensors without data and notes it down.

    Attributes:
        image: The stand-in for the image.
    """

    def __init__(
        self, network: nn.Module, shape: tuple[int, ...], dtype: torch.dtype, device: torch.device
    ) -> None:
        super().__init__()
        self._device = device
        self._modules = {id(module): name for name, module in network.named_modules()}
        self._traced = TracedTensors(network, self._refusal)
        self._autocast = Precision.now(device)
        self.image = torch.empty(shape, dtype=dtype, device="meta").requires_grad_(dtype.is_floating_point)
        ref = Ref(0, shape, tuple(range(2, len(shape))), dtype)
        self._traced.add_node(Node(ref, "", "input", (), (), None), self.image, self.image)

    def program(self, result: Any) -> Program:
        """What was traced, with the network's result expressed in its nodes."""
        outputs = tree_map(self._output, result)
        if not any(isinstance(leaf, Ref | Slot) for leaf in tree_leaves(outputs)):
            raise StreamingError("The network returns no tensor; a streamed network returns at least one.")
        traced = self._traced
        return Program(
            tuple(traced.nodes), tuple(traced.slots), tuple(traced.stand_ins), outputs, self._device
        )

    def _output(self, value: Any) -> Any:
        if not isinstance(value, Tensor):
            if not isinstance(value, _PLAIN):
                raise StreamingError(
                    f"The network returns a {type(value).__name__}; let it return tensors, or tuples, lists or dicts "
                    "of them."
                )
            return value
        operand = self._traced.operand(value)
        if isinstance(operand, Slot) and not self._traced.of_image(operand):
            raise StreamingError(
                "The network returns a tensor that does not depend on the image; leave it out of the result."
            )
        return operand

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Answer one call of the forward."""
        named = dict(kwargs or {})
        if not args and "input" in named:
            # The first argument of every function of torch that has one of this name.
            args = (named.pop("input"),)
        name = operation_name(func)
        if reads_property(func):
            answer = self._property(name, func, args[0])
            if not isinstance(answer, Tensor):
                return answer
        if name in _VALUES and not any(
            t.is_meta for t in tree_leaves((args, named)) if isinstance(t, Tensor)
        ):
            if any(self._traced.changed(t) for t in tree_leaves((args, named)) if isinstance(t, Tensor)):
                raise self._refusal(
                    name,
                    "it reads the value of a buffer that this forward changes. Read it before, or give a batch norm "
                    "a momentum.",
                )
            return func(*args, **named)
        if name in _HOOKS:
            return self._hook(name, args)
        if name == "set_grad_enabled":
            return func(*args, **named)
        composite = spelled(func) or composite_for(name)
        if composite is not None:
            with self:
                return composite(*args, **named)
        operands = tree_map(self._traced.operand, (args, named))
        like = any(isinstance(leaf, Ref) for leaf in tree_leaves(operands))
        if like and name in ("to", "type_as") and isinstance(operands[0][0], Slot):
            return self._converted(args, named)
        if like:
            if func is over_image:
                return self._statistic(*args)
            found = self._reduced(name, args, named)
            if found is not NotImplemented:
                return found
            return self._over_image(func, name, (args, named), operands)
        return self._prepare(func, name, (args, named), operands)

    def _reduced(self, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """What a call comes to that reduces over the image; NotImplemented for all others."""
        reduced = reduced_for(name)
        first = args[0] if args else named.get("x")
        axes = self._traced.axes(first)
        if reduced is None or axes is None:
            return NotImplemented
        try:
            with self:
                return reduced(axes, *args, **named)
        except Refusal as refusal:
            raise self._refusal(name, str(refusal)) from None

    def _statistic(self, x: Tensor, kind: StatisticKind, dims: tuple[int, ...]) -> Tensor:
        """A value of the whole image: a tensor like those that do not depend on it, but found from a node."""
        ref: Ref = self._traced.operand(x)
        stand_in = self._traced.stand_in(x)
        with torch.device("meta"):
            result = over_image(stand_in, kind, dims)
        learns = torch.is_grad_enabled() and stand_in.requires_grad
        return self._traced.add_slot(
            result, Statistic(ref.index, kind, self._traced.stored(ref, dims)), learns
        )

    def _converted(self, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """A constant in the type of a tensor over the image: only that type counts."""
        given = [*args[1:], *named.values()]
        dtype = next(value.dtype for value in given if isinstance(value, Tensor))
        with self:
            return args[0].to(dtype)

    def _property(self, name: str, func: Callable[..., Any], tensor: Tensor) -> Any:
        """An attribute of a tensor; stand-ins answer as if they lay on the image's device."""
        if not tensor.is_meta:
            return func(tensor)
        pretended = {
            "device": self._device,
            "is_cuda": self._device.type == "cuda",
            "is_cpu": self._device.type == "cpu",
            "is_meta": False,
            "requires_grad": False,
        }
        return pretended[name] if name in pretended else func(tensor)

    def _hook(self, name: str, args: tuple[Any, ...]) -> RemovableHandle:
        """Leave out the hooks of torch's own counters; refuse those of the user, which would never be called."""
        code = getattr(args[1], "__code__", None)
        if code is not None and not is_the_users(code.co_filename):
            return RemovableHandle({})
        raise self._refusal(
            name,
            "a hook on a tensor cannot be called when tiles are recomputed. Remove it, or put it on the result.",
        )

    def _prepare(self, func: Callable[..., Any], name: str, given: _ARGUMENT, operands: _ARGUMENT) -> Any:
        """A call on tensors that do not depend on the image: kept as it stands, to be made again in every forward."""
        args, named = self._without_data(given)
        with torch.no_grad(), torch.device("meta"):
            result = func(*args, **named)
        if name in RESIZING and self._fills_the_image(operands[0][0], tuple(result.shape)):
            (small, *others), options = operands
            axes = tuple(range(2, len(small.shape)))
            ref = self._traced.spread(small, self._calling()[0], small.shape, axes)
            return self._over_image(func, name, given, ((ref, *others), options))
        grad = torch.is_grad_enabled()
        known = [leaf for leaf in tree_leaves((args, named)) if isinstance(leaf, Tensor)]
        learns = grad and any(tensor.requires_grad for tensor in known)
        writes = in_place(func, given[1]) or name == "__setitem__" or given[1].get("out") is not None
        call = Preparation(self._precise(func), *operands, None, grad, writes)
        if result is None and known:
            known[0].requires_grad_(learns or known[0].requires_grad)
            self._traced.add_effect(call)
        tensors = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        if not tensors:
            return result
        if isinstance(result, Tensor):
            target = given[0][0] if in_place(func, given[1]) else given[1].get("out")
            return self._traced.add_slot(result, call, learns, target)
        items = enumerate(self._items(name, result, tensors))
        return _like(
            result, [self._traced.add_slot(item, replace(call, pick=k), learns) for k, item in items]
        )

    def _fills_the_image(self, slot: Operand, shape: tuple[int, ...]) -> bool:
        """Whether a small map that does not come tile by tile is resized to the size of one that does."""
        sizes = {node.ref.lengths for node in self._traced.nodes if node.local is not None}
        return isinstance(slot, Slot) and len(slot.shape) == len(shape) and shape[2:] in sizes

    def _over_image(self, func: Callable[..., Any], name: str, given: _ARGUMENT, operands: _ARGUMENT) -> Any:
        """A call over the image: a node with a rule."""
        if given[1].get("out") is not None:
            raise self._refusal(
                name, "it writes into a tensor given as 'out'. Use the tensor that it returns."
            )
        target = given[0][0] if in_place(func, given[1]) else None
        if target is not None:
            self._traced.write_over(name, target)
        operands[1].pop("inplace", None)
        if name == "__setitem__":
            return self._set_part(given, operands)
        if name in _WRITES:
            raise self._refusal(name, _WRITES[name])
        plain = func if target is None else out_of_place(func)
        args, named = self._without_data(given)
        named.pop("inplace", None)
        result = self._evaluate(plain, name, args, named)
        tensors = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        if result is None:
            raise self._refusal(name, "it returns nothing, so what it does to the tensor would be lost.")
        if not tensors:
            return result
        if isinstance(result, Tensor):
            return self._add_node(
                func, Call(name, plain, *operands, None, tuple(result.shape)), result, target
            )
        return _like(
            result,
            [
                self._add_node(func, Call(name, plain, *operands, k, tuple(item.shape)), item, None)
                for k, item in enumerate(self._items(name, result, tensors))
            ],
        )

    def _set_part(self, given: _ARGUMENT, operands: _ARGUMENT) -> Tensor:
        """An assignment to a part of a tensor over the image: from here on the tensor is the result."""
        target = given[0][0]
        self._traced.write_over("__setitem__", target)
        args, named = self._without_data(given)
        result = self._evaluate(part_set, "__setitem__", args, named)
        return self._add_node(
            part_set, Call("set_part", part_set, *operands, None, tuple(result.shape)), result, target
        )

    def _evaluate(
        self, function: Callable[..., Any], name: str, args: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        """Call a function over the image on tensors without data; a shape that does not fit names its layer."""
        known = result_of(name, args, named)
        if known is not None:
            return known
        try:
            return function(*args, **named)
        except (RuntimeError, ValueError, TypeError, IndexError) as error:
            if needs_values(error):
                raise
            layer, site = self._calling()
            shapes = " and ".join(
                str(tuple(leaf.shape)) for leaf in tree_leaves((args, named)) if isinstance(leaf, Tensor)
            )
            raise StreamingError(
                f"{called(layer, name, site)} fails on tensors of the shape {shapes}: {str(error).splitlines()[0]}"
            ) from error

    def _add_node(
        self, func: Callable[..., Any], call: Call, result: Tensor, target: Tensor | None
    ) -> Tensor:
        """Add a node for one resulting tensor and remember what it stands for."""
        try:
            local = local_for(call)
        except Refusal as refusal:
            raise self._refusal(call.name, str(refusal)) from None
        # What the network flattened is stored in another shape than the one it writes over.
        direct = (
            target is not None
            and func is not part_set
            and not local.cuts
            and not any(ref.groups for ref in call.refs)
        )
        overwrite = None if not direct else self._precise(_overwriting(func, call))
        compute = self._precise(local.compute)
        rewritable = call if compute is local.compute else None
        local = replace(local, compute=compute, overwrite=overwrite)
        ref = Ref(
            len(self._traced.nodes),
            local.shape or tuple(result.shape),
            local.axes,
            result.dtype,
            local.groups,
        )
        operands = tree_leaves((call.args, dict(call.kwargs)))
        inputs = tuple(dict.fromkeys(leaf.index for leaf in operands if isinstance(leaf, Ref)))
        slots = tuple(dict.fromkeys(leaf.index for leaf in operands if isinstance(leaf, Slot)))
        node = Node(
            ref, self._calling()[0], call.name, inputs, slots, local, result.requires_grad, rewritable
        )
        stand_in = result.detach().requires_grad_(result.requires_grad)
        answer = stand_in if target is None else target
        self._traced.add_node(node, answer, stand_in)
        return answer

    def _precise(self, function: _Function) -> _Function:
        """The function in the precision that the network chooses for it, where that is not the one around it all."""
        now = Precision.now(self._device)
        return function if now == self._autocast else now.during(function)

    def _items(self, name: str, result: Any, tensors: list[Tensor]) -> Sequence[Tensor]:
        if not isinstance(result, tuple | list) or len(tensors) != len(result):
            raise self._refusal(name, "its result is neither a tensor nor a tuple of tensors.")
        return result

    def _without_data(self, given: _ARGUMENT) -> _ARGUMENT:
        args, named = tree_map(self._traced.stand_in, given)
        # `x.to("cpu")` and the like: any device becomes the one without data.
        return tuple(_nowhere(value) for value in args), {
            key: _nowhere(value) for key, value in named.items()
        }

    def _calling(self) -> tuple[str, str]:
        return calling(self._modules, self)

    def _refusal(self, operation: str, reason: str, found: Operand = None) -> NotLocalError:
        """What to raise; the layer is the one that made `found`, if given, rather than the one that is running."""
        layer, site = self._calling()
        if isinstance(found, Ref):
            layer = self._traced.nodes[found.index].layer
        return NotLocalError(layer, operation, site, reason)


def is_tracing() -> bool:
    """Whether a network is being traced in this thread."""
    return any(isinstance(mode, Tracer) for mode in _get_current_function_mode_stack())


def _like(result: Any, items: list[Tensor]) -> Any:
    """The items in a tuple, list or named tuple like the result of the call."""
    kind = type(result)
    return kind._make(items) if hasattr(kind, "_make") else kind(items)


def _nowhere(value: Any) -> Any:
    if isinstance(value, torch.device):
        return torch.device("meta")
    return (
        "meta" if isinstance(value, str) and value.split(":")[0] in ("cpu", "cuda", "mps", "xpu") else value
    )


def _overwriting(func: Callable[..., Any], call: Call) -> Compute:
    """The call in its in-site form."""
    flag = {} if writes_itself(func) else {"inplace": True}
    original = replace(call, function=func, kwargs={**call.kwargs, **flag})

    def compute(take: Take, _: Sequence[Span]) -> Tensor:
        return original.evaluate(take)

    return compute
