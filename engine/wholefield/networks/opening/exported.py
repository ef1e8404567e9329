"""Programs of torch.export (.pt2), read as data: torch's own reader would run what a file says.

A .pt2 is a zip of raw weights and a graph of ATen calls as JSON. `torch.export.load` compiles its guards, evaluates its
symbols, imports what its trees name and unpickles samples; none of that is needed to run the graph.
"""

from __future__ import annotations

import io
import json
import math
import operator
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from wholefield.errors import SourceError
from wholefield.networks.opening.calls import CallList, Named, ProgramCall
from wholefield.networks.opening.card import Activation, Gives, PublishedCard
from wholefield.networks.opening.model import PublishedModel, published
from wholefield.sources.choices import Reading

FORMER = "serialized_exported_program.json"
AGAIN = "export it again, see docs/models.md"
# Calls that only check what tracing has found.
CHECKS = (
    "_assert_tensor_metadata",
    "_assert_scalar",
    "_assert_async",
    "sym_constrain_range_for_size",
    "sym_constrain_range",
)
UNDERSCORED = ("_native_batch_norm_legit_no_training", "_to_copy", "_softmax", "_log_softmax", "_unsafe_view")
# Texts that operators take; any other, such as a file name, is refused.
TEXTS = frozenset({
    "mode", "padding", "padding_mode", "rounding_mode", "approximate", "reduce", "interpolation_mode", "equation",
    "indexing",
})  # fmt: skip
PLAIN: Mapping[str, Callable[..., Any]] = {
    **{
        f"_operator.{name}": getattr(operator, name)
        for name in (
            "add", "sub", "mul", "floordiv", "mod", "neg", "truediv", "getitem", "eq", "ne", "lt", "le", "gt", "ge",
        )
    },
    **{f"math.{name}": getattr(math, name) for name in ("ceil", "floor", "trunc")},
    **{f"torch.{name}": getattr(torch, name) for name in ("sym_max", "sym_min", "sym_int", "sym_float", "sym_ite")},
}  # fmt: skip
# What serialized numbers stand for (torch/_export/serde/schema.py), 0 being unknown.
DTYPES = (
    None, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.float32, torch.float64,
    None, None, None, torch.bool, torch.bfloat16,
)  # fmt: skip
MEMORY_FORMATS = (
    None, torch.contiguous_format, torch.channels_last, torch.channels_last_3d, torch.preserve_format,
)  # fmt: skip
STRIDED = 7
# Calls with the sizes of the sample that was exported, where these were not marked as dynamic.
SIZED = re.compile(
    r"aten\.(view|reshape|_unsafe_view|expand|zeros|ones|full|arange|new_zeros|new_ones|linspace|repeat)\b"
)
ENDLESS = 2**62


def open_exported(path: Path, reading: Reading) -> PublishedModel:
    """Open a program of torch.export.

    Raises:
        SourceError: It is damaged, or calls what is no operator of torch's own.
    """
    del reading
    try:
        with zipfile.ZipFile(path) as archive:
            network, channels, axes = _Program(path, archive).network()
    except (
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
    ) as error:
        raise SourceError(f"{path} is not a whole program of torch.export ({error!r}); {AGAIN}.") from error
    card = PublishedCard(
        "torch.export program", path.stem, axes=axes, channels=channels, gives=Gives.MAPS, outputs=0,
        activation=Activation.NONE,
        notes=("The file does not say how images are normalized: whole numbers are scaled to 0..1.",),
    )  # fmt: skip
    return published(path, network, card)


@dataclass
class _Program:
    """A program being read.

    Attributes:
        path: The file.
        archive: The opened file.
    """

    path: Path
    archive: zipfile.ZipFile

    def network(self) -> tuple[nn.Module, int, int]:
        """The network, its channels and its axes of space."""
        names = self.archive.namelist()
        former = FORMER in names
        folder = "" if former else f"{names[0].split('/')[0]}/"
        content = json.loads(self._bytes(FORMER if former else f"{folder}models/model.json"))
        module, signature = content["graph_module"], content["graph_module"]["signature"]
        weights = self._former_weights() if former else self._weights(folder)
        tensors: dict[str, Tensor] = {}
        inputs: list[str] = []
        for spec in signature["input_specs"]:
            ((kind, value),) = spec.items()
            if kind == "user_input":
                inputs.append(self._user_input(value["arg"]))
            elif kind in ("parameter", "buffer", "tensor_constant"):
                tensors[value["arg"]["name"]] = weights[value[f"{kind}_name"]]
            else:
                self._refuse(f"is given more than images and weights ({kind})")
        if len(inputs) != 1:
            self._refuse(f"takes {len(inputs)} inputs")
        outputs = self._outputs(signature["output_specs"])
        graph = module["graph"]
        sizes = [each.get("as_int") for each in graph["tensor_values"][inputs[0]]["sizes"]]
        if len(sizes) not in (4, 5) or sizes[1] is None:
            self._refuse(
                f"takes a tensor of {len(sizes)} dimensions, not (batch, channels, y, x) or (..., z, y, x)"
            )
        self._demand_dynamic(graph["nodes"], sizes)
        calls = [call for node in graph["nodes"] if (call := self._call(node)) is not None]
        return CallList(calls, tensors, inputs, outputs), sizes[1], len(sizes) - 2

    def _refuse(self, text: str) -> NoReturn:
        raise SourceError(f"{self.path} {text}; {AGAIN}.")

    def _bytes(self, name: str) -> bytes:
        """A record; none takes more memory than the file has bytes."""
        info = self.archive.getinfo(name)
        if info.compress_type != zipfile.ZIP_STORED and info.file_size > self.path.stat().st_size * 1000:
            self._refuse(f"claims {info.file_size:,} bytes for {name}")
        return self.archive.read(info)

    def _user_input(self, arg: Mapping[str, Any]) -> str:
        if "as_tensor" not in arg:
            self._refuse("takes something other than tensors")
        return str(arg["as_tensor"]["name"])

    def _outputs(self, specs: Sequence[Mapping[str, Any]]) -> Any:
        found = []
        for spec in specs:
            ((kind, value),) = spec.items()
            if kind == "buffer_mutation":
                self._refuse(
                    "changes its buffers, as in training mode; call network.eval() before exporting it"
                )
            if kind != "user_output":
                self._refuse(f"gives more than the outputs of a network ({kind})")
            found.append(self._value(value["arg"]))
        return found[0] if len(found) == 1 else tuple(found)

    def _weights(self, folder: str) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        for place, name in (("weights", "model_weights_config"), ("constants", "model_constants_config")):
            config = json.loads(self._bytes(f"{folder}data/{place}/{name}.json"))["config"]
            for key, meta in config.items():
                data = self._bytes(f"{folder}data/{place}/{meta['path_name']}")
                tensor = (
                    self._restricted(data, key)
                    if meta["use_pickle"]
                    else self._raw(data, meta["tensor_meta"])
                )
                found[key] = nn.Parameter(tensor, requires_grad=False) if meta["is_param"] else tensor
        return found

    def _former_weights(self) -> dict[str, Tensor]:
        """Weights as torch before 2.8 kept them."""
        found: dict[str, Tensor] = {}
        for name in ("serialized_state_dict.pt", "serialized_constants.pt"):
            content = self._load(self._bytes(name), name) if name in self.archive.namelist() else {}
            for key, value in content.items():
                if not isinstance(value, Tensor):
                    self._refuse(f"holds something other than tensors ({key})")
                found[key] = value.detach()
        return found

    def _restricted(self, data: bytes, name: str) -> Tensor:
        tensor = self._load(data, name)
        if not isinstance(tensor, Tensor):
            self._refuse(f"holds something other than tensors ({name})")
        return tensor.detach()

    def _load(self, data: bytes, name: str) -> Any:
        try:
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        except Exception as error:  # objects that could run code, and damage of many kinds
            raise SourceError(
                f"{self.path} holds objects besides weights ({name}), which are not loaded because they could run "
                f"code; {AGAIN}."
            ) from error

    def _raw(self, data: bytes, meta: Mapping[str, Any]) -> Tensor:
        dtype = DTYPES[meta["dtype"]] if 0 <= meta["dtype"] < len(DTYPES) else None
        if dtype is None or meta["layout"] != STRIDED:
            self._refuse(f"holds weights of an unusual type (dtype {meta['dtype']}, layout {meta['layout']})")
        sizes, strides = ([int(each["as_int"]) for each in meta[name]] for name in ("sizes", "strides"))
        offset = int(meta["storage_offset"]["as_int"])
        if math.prod(sizes) == 0:
            return torch.empty(sizes, dtype=dtype)
        storage = torch.frombuffer(bytearray(data), dtype=dtype)
        reach = offset + sum((size - 1) * stride for size, stride in zip(sizes, strides, strict=True))
        if min(sizes + strides + [offset]) < 0 or reach >= storage.numel():
            self._refuse("holds fewer weights than it claims")
        return storage.as_strided(sizes, strides, offset).clone(memory_format=torch.contiguous_format)

    def _demand_dynamic(self, nodes: Sequence[Mapping[str, Any]], sizes: Sequence[int | None]) -> None:
        """Refuse a program with sizes of its sample in it: for images of other sizes it computes something else."""
        fixed = [size for size in sizes[2:] if size is not None]
        if not fixed:
            return
        for node in nodes:
            if SIZED.search(node["target"]) or _output_size(node) or _crops(node):
                self._refuse(
                    f"was exported for images of {' x '.join(map(str, fixed))} only and computes with this size "
                    f"({node['target'].removeprefix('torch.ops.')})"
                )

    def _call(self, node: Mapping[str, Any]) -> ProgramCall | None:
        target = str(node["target"])
        name = target.split(".")[3] if target.startswith("torch.ops.aten.") else ""
        if name in CHECKS:
            return None
        function = PLAIN.get(target) or self._operator(target)
        args, kwargs = [], {}
        for given in node["inputs"]:
            if given["name"] in ("training", "train") and given["arg"].get("as_bool"):
                self._refuse(
                    f"was exported in training mode ({target}); call network.eval() before exporting it"
                )
            if "as_string" in given["arg"] and given["name"] not in TEXTS:
                self._refuse(f"calls {target} with a text ({given['name']})")
            value = self._value(given["arg"])
            if given.get("kind") == 2:
                kwargs[str(given["name"])] = value
            else:
                args.append(value)
        return ProgramCall(function, tuple(args), kwargs, self._results(node["outputs"]))

    def _operator(self, target: str) -> Callable[..., Any]:
        found = re.fullmatch(r"torch\.ops\.aten\.(\w+)\.(\w+)", target)
        if (
            found is None
            or (found[1].startswith("_") and found[1] not in UNDERSCORED)
            or found[1] == "from_file"
        ):
            self._refuse(f"calls {target}, which is no operator that networks need")
        packet = getattr(torch.ops.aten, found[1], None)
        function: Callable[..., Any] | None = getattr(packet, found[2], None)
        if function is None:
            self._refuse(f"calls {target}, which this version of torch does not have")
        return function

    def _results(self, outputs: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
        names: list[str] = []
        for each in outputs:
            values = each.get("as_tensors") or [next(iter(each.values()))]
            names += [
                str(value.get("name") or value.get("as_name")) for value in values if isinstance(value, dict)
            ]
        return tuple(names)

    def _value(self, arg: Mapping[str, Any]) -> Any:
        """An argument: names become `Named`, everything else plain values."""
        ((kind, value),) = arg.items()
        if kind in ("as_int", "as_float", "as_bool", "as_string", "as_ints", "as_floats", "as_bools"):
            return value
        if kind not in READ:
            self._refuse(f"has an argument of a kind that networks do not need ({kind})")
        if kind in ("as_optional_tensor", "as_optional_tensors"):
            return [self._value(each) for each in value] if isinstance(value, list) else self._value(value)
        return READ[kind](value)


def _symbols(values: Sequence[Mapping[str, Any]]) -> list[Any]:
    return [_symbol(each) for each in values]


def _symbol(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    return Named(str(content)) if kind == "as_name" else content


READ: Mapping[str, Callable[[Any], Any]] = {
    "as_none": lambda value: None,
    "as_tensor": lambda value: Named(str(value["name"])),
    "as_tensors": lambda value: [Named(str(each["name"])) for each in value],
    "as_optional_tensor": dict,
    "as_optional_tensors": list,
    **dict.fromkeys(("as_sym_int", "as_sym_float", "as_sym_bool"), _symbol),
    **dict.fromkeys(("as_sym_ints", "as_sym_floats", "as_sym_bools"), _symbols),
    "as_scalar_type": DTYPES.__getitem__,
    "as_memory_format": MEMORY_FORMATS.__getitem__,
    "as_layout": lambda value: torch.strided,
    "as_device": lambda value: torch.device("cpu"),
}
"""What makes a value of an argument, by its kind; all that are missing here are refused."""


def _output_size(node: Mapping[str, Any]) -> bool:
    """Whether a call resizes to a size, not by a factor."""
    return "upsample" in node["target"] and any(
        given["name"] == "output_size" and "as_ints" in given["arg"] for given in node["inputs"]
    )


def _crops(node: Mapping[str, Any]) -> bool:
    """Whether a call cuts a part out along an axis of space."""
    if "aten.slice" not in node["target"]:
        return False
    given = {each["name"]: each["arg"].get("as_int") for each in node["inputs"]}
    return (given.get("dim") or 0) >= 2 and 0 <= (given.get("end") or ENDLESS) < ENDLESS
