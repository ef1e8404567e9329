"""Weights as other programs keep them load; what does not fit is said with three examples."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings, strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn

from wholefield.errors import SourceError
from wholefield.networks.state_files import fitted, load_state, mismatch, read_content, state_in


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    blocks = [nn.Sequential(nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)) for _ in range(3)]
    return nn.Sequential(*blocks, nn.Conv2d(3, 2, 1))


def loaded(path: Path) -> dict[str, Tensor]:
    fresh = network(1)
    load_state(fresh, state_in(read_content(path), str(path)), str(path))
    return fresh.state_dict()


def same(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor], tolerance: float = 0) -> None:
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        torch.testing.assert_close(found[name], value, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    "prefix", ["", "module.", "model.", "network.", "_orig_mod.", "module.model.", "model.net."]
)
@pytest.mark.parametrize("key", ["", "state_dict", "model", "model_state_dict", "params_ema"])
def test_nested_and_prefixed(tmp_path: Path, prefix: str, key: str) -> None:
    state = {prefix + name: value for name, value in network().state_dict().items()}
    torch.save({key: state, "epoch": 3, "params": state} if key == "params_ema" else
               {key: state, "epoch": 3} if key else state, tmp_path / "w.pth")  # fmt: skip
    same(loaded(tmp_path / "w.pth"), network().state_dict())


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_other_precisions(tmp_path: Path, kind: torch.dtype, suffix: str) -> None:
    state = {
        f"module.{name}": value.to(kind) if value.is_floating_point() else value
        for name, value in network().state_dict().items()
    }
    path = tmp_path / f"w{suffix}"
    save_file(state, path) if suffix == ".safetensors" else torch.save(state, path)
    found = loaded(path)
    assert found["0.0.weight"].dtype is torch.float32
    same(found, network().state_dict(), 1e-2)


def test_safetensors_under_any_name(tmp_path: Path) -> None:
    save_file(network().state_dict(), tmp_path / "w.bin")
    same(loaded(tmp_path / "w.bin"), network().state_dict())


def test_weights_of_other_modules_are_left_out_beside_a_prefix() -> None:
    own = network().state_dict()
    state = {f"model.{name}": value for name, value in own.items()} | {"loss.weight": torch.ones(2)}
    same(fitted(state, own), own)
    # A network whose own names begin so keeps them.
    wrapped = {f"model.{name}": value for name, value in own.items()}
    same(fitted(wrapped, wrapped), wrapped)


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 18), min_size=1), st.sampled_from(["", "module.", "model."]))
def test_what_is_missing_is_counted_with_three_examples(left_out: set[int], prefix: str) -> None:
    own = network().state_dict()
    names = [name for place, name in enumerate(own) if place in left_out]
    if not names or len(names) == len(own):
        return
    state = {prefix + name: value for name, value in own.items() if name not in names}
    text = mismatch(own, fitted(state, own))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    assert text == f"{len(names)} of {len(own)} parameters are missing ({', '.join(names[:3])}{more})"


def test_shapes_and_types() -> None:
    own = network().state_dict()
    state = dict(own) | {"3.weight": torch.ones(2, 3), "0.0.weight": torch.ones(3, 3, 1, 1, dtype=torch.int8)}
    assert mismatch(own, state) == (
        f"1 of {len(own)} parameters are of another shape (3.weight is 2 x 3 instead of 2 x 3 x 1 x 1); "
        f"1 of {len(own)} parameters are not floating-point numbers (0.0.weight is int8)"
    )
    with pytest.raises(SourceError, match=r"^w\.pth does not fit Sequential: 1 of"):
        load_state(network(), state, "w.pth")


def test_weights_that_are_not_finite() -> None:
    state = network().state_dict()
    state["3.bias"][0] = torch.nan
    with pytest.raises(
        SourceError, match=r"w\.pth holds weights that are not finite \(3\.bias\); its training"
    ):
        load_state(network(1), state, "w.pth")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ([1, 2], "is not a checkpoint; choose another"),
        ({"epoch": 3}, "holds no weights; choose a checkpoint, or a file made of"),
        ({"state_dict": {}}, "holds no weights"),
        (
            {"model": {"a": torch.ones(1)}, "net": {"a": torch.ones(1)}},
            r"several sets of weights \(model, net\)",
        ),
        (
            {"state_dict": {"a": torch.ones(1)}, "args": Namespace(x=3)},
            r"objects besides weights \(argparse.Namespace\)",
        ),
    ],
)
def test_files_without_usable_weights(tmp_path: Path, content: Any, sentence: str) -> None:
    torch.save(content, tmp_path / "w.pth")
    with pytest.raises(SourceError, match=sentence):
        state_in(read_content(tmp_path / "w.pth"), "w.pth")


def test_damaged_files(tmp_path: Path) -> None:
    save_file(network().state_dict(), tmp_path / "w.safetensors")
    torch.save(network().state_dict(), tmp_path / "w.pth")
    for path in (tmp_path / "w.safetensors", tmp_path / "w.pth"):
        data = path.read_bytes()
        for content in (data[:-5], data[: len(data) // 2], data[:9], b""):
            path.write_bytes(content)
            with pytest.raises(SourceError, match="is not a readable checkpoint; choose another"):
                read_content(path)
    huge = (2**60).to_bytes(8, "little") + b'{"a":'
    (tmp_path / "w.safetensors").write_bytes(huge)
    with pytest.raises(SourceError, match="is not a readable checkpoint"):
        read_content(tmp_path / "w.safetensors")
