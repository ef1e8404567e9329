"""Complete networks: keys, losses, targets, normalization, files and strips."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from wholefield.networks.msd.enums import Loss, Task
from wholefield.networks.msd.errors import CheckpointError, InputError, LabelError, OptionError, ShapeError
from wholefield.networks.msd.network import MSDNetwork

CORE = ("msd_block.bias", "msd_block.weight0", "final_layer.linear.weight", "final_layer.linear.bias")


def randomized(network: MSDNetwork) -> MSDNetwork:
    """The same network, its layers random."""
    torch.manual_seed(1)
    for parameter in network.msd.parameters():
        nn.init.normal_(parameter, std=0.3)
    return network


def test_the_keys_are_those_of_msd_pytorch() -> None:
    regression = MSDNetwork(1, 1, 1, loss=Loss.L1)
    assert list(regression.state_dict()) == [
        "0.weight",
        "0.bias",
        *(f"1.{n}" for n in CORE),
        "2.weight",
        "2.bias",
    ]
    weighted = MSDNetwork(1, 2, 1, task=Task.SEGMENTATION, class_weights=[1, 2], ignore_label=9)
    assert list(weighted.state_dict()) == ["0.weight", "0.bias", *(f"1.0.{n}" for n in CORE)]


def test_the_architecture_is_told() -> None:
    network = MSDNetwork(2, 3, 5, 2, [1, 4], ndim=3, task="segmentation")
    assert (network.c_in, network.c_out, network.depth, network.width, network.ndim) == (2, 3, 5, 2, 3)
    assert network.dilations == (1, 4, 1, 4, 1)
    assert network.task is Task.SEGMENTATION
    assert network.settings == MSDNetwork.of(network.settings).settings
    assert network(torch.zeros(1, 2, 5, 6, 7)).shape == (1, 3, 5, 6, 7)


@pytest.mark.parametrize(
    "options", [{"loss": "L3"}, {"task": "detection"}, {"depth": 0}, {"ndim": 4}, {"dilations": []}]
)
def test_what_cannot_work_is_a_value_error(options: dict[str, object]) -> None:
    for kind in (ValueError, InputError, OptionError):
        with pytest.raises(kind):
            MSDNetwork(**{"c_in": 1, "c_out": 1, "depth": 2, **options})  # type: ignore[arg-type]


@pytest.mark.parametrize(("loss", "expected"), [(Loss.L1, nn.L1Loss()), ("L2", nn.MSELoss())])
def test_losses_of_regressions(loss: Loss | str, expected: nn.Module) -> None:
    network = MSDNetwork(1, 2, 2, loss=loss)
    output, target = torch.randn(2, 2, 5, 6), torch.randn(2, 2, 5, 6)
    assert torch.equal(network.loss(output, target), expected(output, target))


def test_the_loss_of_a_segmentation_weighs_and_ignores() -> None:
    network = MSDNetwork(1, 3, 2, task=Task.SEGMENTATION, class_weights=[1, 2, 5], ignore_label=7)
    output = torch.randn(2, 3, 5, 6, dtype=torch.float64).log_softmax(1)
    labels = torch.randint(0, 3, (2, 1, 5, 6))
    labels[:, :, 0] = 7
    weights = torch.tensor([1.0, 2.0, 5.0], dtype=torch.float64)
    counted = labels[:, 0, 1:]
    picked = output[:, :, 1:].gather(1, counted[:, None])[:, 0]
    expected = -(weights[counted] * picked).sum() / weights[counted].sum()
    torch.testing.assert_close(network.double().loss(output, labels), expected)
    assert network.loss(output, labels.double()) == network.loss(output, labels)


@pytest.mark.parametrize(
    ("labels", "error"),
    [
        (torch.full((1, 1, 3, 3), 3), LabelError),
        (torch.full((1, 1, 3, 3), -1), LabelError),
        (torch.full((1, 1, 3, 3), 0.5), LabelError),
        (torch.zeros(1, 2, 3, 3), ShapeError),
        (torch.zeros(1, 3, 3), ShapeError),
    ],
)
def test_wrong_labels_are_refused(labels: Tensor, error: type[Exception]) -> None:
    with pytest.raises(error):
        MSDNetwork(1, 3, 2, task=Task.SEGMENTATION).as_target(labels)


@pytest.mark.parametrize("task", Task)
def test_normalization_acts_before_and_after_the_layers(task: Task) -> None:
    network = randomized(MSDNetwork(1, 2, 3, task=task)).double()
    image = 50 + 7 * torch.randn(2, 1, 8, 9, dtype=torch.float64)
    target = -3 + 2 * torch.randn(2, 2, 8, 9, dtype=torch.float64)
    network.set_normalization([(image, target)])
    inner = network.msd((image - image.mean()) / image.std(correction=0))
    expected = (
        inner * target.std(correction=0) + target.mean()
        if task is Task.REGRESSION
        else functional.log_softmax(inner, 1)
    )
    torch.testing.assert_close(network(image), expected)
    assert not any(parameter.requires_grad for parameter in network.scale_in.parameters())


def test_files_keep_parameters_optimizer_and_dilations(tmp_path: Path) -> None:
    network = randomized(MSDNetwork(1, 1, 3, dilations=[2, 1]))
    optimizer = torch.optim.Adam(network.msd.parameters())
    image = torch.randn(1, 1, 8, 9)

    def step(net: MSDNetwork, adam: torch.optim.Optimizer) -> None:
        adam.zero_grad()
        net.loss(net(image), 2 * image).backward()
        adam.step()

    step(network, optimizer)
    network.save(tmp_path / "net.ckpt", 4, optimizer, {"note": 1})
    other = MSDNetwork(1, 1, 3, dilations=[2, 1])
    others = torch.optim.Adam(other.msd.parameters())
    assert other.load(tmp_path / "net.ckpt", others) == 4
    for net, adam in ((network, optimizer), (other, others)):
        step(net, adam)
    assert torch.equal(network(image), other(image))
    opened = MSDNetwork.from_checkpoint(tmp_path / "net.ckpt")
    assert opened.dilations == (2, 1, 2)
    with pytest.raises(CheckpointError, match="do not pass dilations"):
        MSDNetwork.from_checkpoint(tmp_path / "net.ckpt", [1])
    with pytest.raises(CheckpointError, match="depth"):
        MSDNetwork(1, 1, 2).load(tmp_path / "net.ckpt")


def test_files_without_an_optimizer(tmp_path: Path) -> None:
    network = MSDNetwork(1, 1, 2)
    network.save(tmp_path / "net.ckpt", 1)
    assert network.load(tmp_path / "net.ckpt", torch.optim.Adam(network.msd.parameters())) == 1


def test_strips_change_nothing() -> None:
    network = randomized(MSDNetwork(1, 2, 4, task=Task.SEGMENTATION)).double()
    image = torch.randn(1, 1, 40, 12, dtype=torch.float64)
    labels = (image > 0).long()
    parameters = list(network.msd.parameters())
    expected = torch.autograd.grad(network.loss(network(image), labels), parameters)
    network.strip = 6
    assert network.msd.strip == network.strip == 6
    for one, other in zip(
        torch.autograd.grad(network.loss(network(image), labels), parameters), expected, strict=True
    ):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)
