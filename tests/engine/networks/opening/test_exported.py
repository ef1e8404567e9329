"""Programs of torch.export: what they compute, how they stream, and that nothing in them is run."""

import io
import json
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.export import Dim
from torch.nn import functional as F

from tests.engine.networks.opening.evil import Evil, marker
from wholefield.errors import SourceError
from wholefield.networks.opening import Gives, open_model


class Mixed(nn.Module):
    """Convolutions, a border, a way down and up again by sizes, a constant, and pieces of channels."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect")
        self.norm = nn.BatchNorm2d(4)
        self.last = nn.Conv2d(4, 12, 1)
        self.shift = torch.tensor([2.0])

    def forward(self, x: Tensor) -> Tensor:
        y = F.gelu(self.norm(self.first(x)))
        low = F.interpolate(F.avg_pool2d(y, 2, ceil_mode=True), size=x.shape[2:], mode="nearest")
        y = torch.cat([y, low], 1)[:, 2:6]
        return F.pixel_shuffle(self.last(y), 2) * self.shift


DYNAMIC = ({0: Dim.AUTO, 2: Dim.AUTO, 3: Dim.AUTO},)


def saved(network: nn.Module, path: Path, dynamic: Any = DYNAMIC, axes: int = 2) -> Path:
    channels = next(network.parameters()).shape[1]
    program = torch.export.export(
        network.eval(), (torch.rand(2, channels, *(16, 17, 18)[:axes]),), dynamic_shapes=dynamic
    )
    torch.export.save(program, path)
    return path


def changed(path: Path, change: Callable[[Any], None]) -> Path:
    """The program with another graph."""
    copy = path.with_name("changed.pt2")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith("models/model.json"):
                content = json.loads(data)
                change(content)
                data = json.dumps(content).encode()
            new.writestr(name, data)
    return copy


def test_it_computes_what_the_network_computes(tmp_path: Path) -> None:
    network = Mixed().double()
    for tensor in network.norm.buffers():
        tensor.copy_(torch.rand(tensor.shape) + 0.5)
    program = torch.export.export(
        network.eval(), (torch.rand(2, 3, 16, 17).double(),), dynamic_shapes=DYNAMIC
    )
    torch.export.save(program, tmp_path / "mixed.pt2")
    opened = open_model(tmp_path / "mixed.pt2")
    x = torch.rand(1, 3, 23, 14).double()
    assert torch.equal(opened.network(x), network(x))
    assert (opened.card.channels, opened.card.axes, opened.card.outputs) == (3, 2, 3)
    assert opened.card.gives is Gives.IMAGE


def test_what_changes_its_buffers_was_exported_for_training(tmp_path: Path) -> None:
    network = Mixed()
    program = torch.export.export(network.train(), (torch.rand(2, 3, 16, 17),), dynamic_shapes=DYNAMIC)
    torch.export.save(program, tmp_path / "training.pt2")
    with pytest.raises(SourceError, match="in training mode"):
        open_model(tmp_path / "training.pt2")


def test_a_size_of_the_sample_is_refused_where_the_network_computes_with_it(tmp_path: Path) -> None:
    fixed = saved(Mixed(), tmp_path / "fixed.pt2", None)
    with pytest.raises(SourceError, match=r"for images of 16 x 17 only .*upsample_nearest2d"):
        open_model(fixed)
    free = saved(nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), tmp_path / "free.pt2", None)
    assert open_model(free).network(torch.rand(1, 1, 9, 30)).shape == (1, 2, 7, 28)


def test_guards_that_are_code_are_not_run(tmp_path: Path) -> None:
    path = saved(nn.Conv2d(1, 1, 1), tmp_path / "net.pt2")
    evil = changed(path, lambda content: content.update(guards_code=[marker(tmp_path)]))
    open_model(evil)
    assert not (tmp_path / "ran").exists()


def test_symbols_and_trees_that_are_code_are_not_run(tmp_path: Path) -> None:
    path = saved(nn.Conv2d(1, 1, 1), tmp_path / "net.pt2")

    def change(content: Any) -> None:
        for sizes in content["graph_module"]["graph"]["tensor_values"].values():
            for size in sizes["sizes"]:
                if "as_expr" in size:
                    size["as_expr"]["expr_str"] = marker(tmp_path)
        content["graph_module"]["module_call_graph"][0]["signature"]["in_spec"] = json.dumps([
            1, {"type": "collections.defaultdict", "children_spec": [], "context": json.dumps(
                {"default_factory_module": "os", "default_factory_name": "abort", "dict_context": []}
            )},
        ])  # fmt: skip

    open_model(changed(path, change))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("target", [
    "torch.ops.load_library", "torch.ops.aten.from_file.default", "torch.ops.aten._fused_adam_.default", "os.system",
    "torch.ops.aten.no_such_operator.default", "torch.load", "math.prod",
])  # fmt: skip
def test_only_operators_of_networks_are_called(tmp_path: Path, target: str) -> None:
    path = saved(nn.Conv2d(1, 1, 1), tmp_path / "net.pt2")
    evil = changed(path, lambda content: content["graph_module"]["graph"]["nodes"][0].update(target=target))
    with pytest.raises(SourceError, match="calls"):
        open_model(evil)


def test_pickled_weights_are_restricted(tmp_path: Path) -> None:
    path = saved(nn.Conv2d(1, 1, 1), tmp_path / "net.pt2")
    for place in ("weights", "sample_inputs"):
        copy = tmp_path / f"{place}.pt2"
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
            for name in old.namelist():
                data = old.read(name)
                if name.endswith("model_weights_config.json"):
                    config = json.loads(data)
                    config["config"]["weight"]["use_pickle"] = place == "weights"
                    data = json.dumps(config).encode()
                if name.endswith(("weights/weight_0", "sample_inputs/model.pt")) and place in name:
                    data = pickle.dumps(Evil(tmp_path))
                new.writestr(name, data)
        if place == "weights":
            with pytest.raises(SourceError, match="because they could run code"):
                open_model(copy)
        else:
            open_model(copy)
    assert not (tmp_path / "ran").exists()


def test_the_layout_of_before_is_read_with_restricted_weights(tmp_path: Path) -> None:
    network = nn.Conv2d(1, 2, 3)
    path = saved(network, tmp_path / "net.pt2")
    with zipfile.ZipFile(path) as new:
        graph = new.read("net/models/model.json")

    def write(name: str, state: Any) -> Path:
        data = io.BytesIO()
        torch.save(state, data)
        with zipfile.ZipFile(tmp_path / name, "w") as old:
            old.writestr("serialized_exported_program.json", graph)
            old.writestr("serialized_state_dict.pt", data.getvalue())
        return tmp_path / name

    x = torch.rand(1, 1, 8, 9)
    assert torch.equal(open_model(write("former.pt2", network.state_dict())).network(x), network(x))
    with pytest.raises(SourceError, match="because they could run code"):
        open_model(write("evil.pt2", {"weight": Evil(tmp_path)}))
    assert not (tmp_path / "ran").exists()


def test_damage_is_said(tmp_path: Path) -> None:
    path = saved(nn.Conv2d(1, 1, 1), tmp_path / "net.pt2")
    for change in (
        lambda content: content.pop("graph_module"),
        lambda content: content["graph_module"]["graph"]["nodes"][0].update(
            inputs=[{"name": "x", "arg": {}}]
        ),
        lambda content: content["graph_module"]["signature"].update(input_specs=[]),
    ):
        with pytest.raises(SourceError, match=r"changed\.pt2"):
            open_model(changed(path, change))
    short = shutil.copy(path, tmp_path / "short.pt2")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(short, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"\0" if name.endswith("weight_0") else old.read(name))
    with pytest.raises(SourceError, match=r"short\.pt2"):
        open_model(short)
