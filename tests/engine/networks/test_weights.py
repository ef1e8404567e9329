"""Weight files: loaded strictly, with sentences for what is missing or does not fit."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.parts import part
from wholefield.errors import SourceError
from wholefield.networks import resnet18
from wholefield.networks.weights import published_file


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    torch.manual_seed(3)
    return resnet18().state_dict()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder of torch.hub."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def test_loads_a_state_dict(state: dict[str, Tensor]) -> None:
    net = resnet18(weights=state)
    assert all(torch.equal(value, state[name]) for name, value in net.state_dict().items())


def test_loads_a_file(state: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(state, tmp_path / "net.pth")
    for weights in (tmp_path / "net.pth", str(tmp_path / "net.pth")):
        assert torch.equal(resnet18(weights=weights).fc.weight, state["fc.weight"])


def test_loads_the_published_file_from_the_cache(state: dict[str, Tensor], hub: Path) -> None:
    torch.save(state, hub / "resnet18-f37072fd.pth")
    assert torch.equal(resnet18(weights="DEFAULT").conv1.weight, state["conv1.weight"])


def test_missing_published_file_says_where_to_put_it(hub: Path) -> None:
    with pytest.raises(SourceError, match=r"download https://\S+/resnet18-f37072fd\.pth") as e:
        resnet18(weights="DEFAULT")
    assert str(hub / "resnet18-f37072fd.pth") in str(e.value)
    with pytest.raises(SourceError, match=r"other\.pth"):
        published_file("other.pth")


def test_keeps_a_fresh_head_for_other_classes(state: dict[str, Tensor]) -> None:
    net = resnet18(weights=state, num_classes=7)
    assert net.fc.weight.shape == (7, 512)
    assert torch.equal(part(net, "layer4.1.conv2.weight"), state["layer4.1.conv2.weight"])


def test_leaves_the_given_mapping_alone(state: dict[str, Tensor]) -> None:
    before = dict(state)
    resnet18(weights=state, num_classes=7)
    assert state["fc.weight"] is before["fc.weight"]


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"absent\.pth does not exist"):
        resnet18(weights=tmp_path / "absent.pth")


def test_damaged_file(tmp_path: Path) -> None:
    (tmp_path / "bad.pth").write_bytes(b"PK\x03\x04 no weights")
    with pytest.raises(SourceError, match=r"bad\.pth is not a readable"):
        resnet18(weights=tmp_path / "bad.pth")


def test_file_of_something_else(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(SourceError, match=r"list\.pth is not a checkpoint; choose another"):
        resnet18(weights=tmp_path / "list.pth")


def test_foreign_layout_is_refused(state: dict[str, Tensor]) -> None:
    foreign = {name: value for name, value in state.items() if name != "bn1.weight"}
    with pytest.raises(SourceError, match=r"does not fit ResNet.*bn1\.weight"):
        resnet18(weights=foreign)
