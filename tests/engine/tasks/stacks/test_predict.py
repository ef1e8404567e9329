"""Predicted stacks equal the network slice by slice, in every container, and are whole or absent."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch

import wholefield.networks.msd.predict
import wholefield.tasks.stacks.inference.volumes
import wholefield.tasks.stacks.inference.windows
from wholefield.networks.msd.enums import Task
from wholefield.networks.msd.network import MSDNetwork
from wholefield.runs.control import Control
from wholefield.runs.reports import Failed, Finished, Level, Message, PartDone, Reason, Report
from wholefield.sources.stacks.opening import open_stack
from wholefield.tasks.registry import run_task
from wholefield.tasks.stacks.data.pairs import slab_around, volume_of
from wholefield.tasks.stacks.inference.volumes import voxel_bytes
from wholefield.tasks.stacks.output_settings import StackFormat, StackPredictSettings
from wholefield.training.checkpoints import CARD
from wholefield.training.model_card import InputCard, ModelCard, label_classes
from wholefield.training.settings import Precision


def randomise(model: MSDNetwork) -> MSDNetwork:
    torch.manual_seed(1)
    for parameter in model.msd.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    pairs = [(torch.randn(1, 1, 9, 9) * 50 + 1000, torch.randn(1, 1, 9, 9) * 9)]
    model.set_normalization(pairs)
    return model


def card(
    task: str,
    channels: int = 1,
    slices: int = 1,
    labels: tuple[int, ...] = (),
    spacing: tuple[float, ...] | None = None,
    unit: str = "",
) -> ModelCard:
    """The card of a network over stacks."""
    given = InputCard(channels, spacing=spacing, unit=unit, slices=slices)
    return ModelCard(task, "msd", classes=label_classes(labels), input=given)


def save(model: MSDNetwork, path: Path, known: ModelCard | None) -> Path:
    model.save(path, 3, extra=None if known is None else {CARD: known.to_plain()})
    return path


@pytest.fixture
def regression(stacks: Path, tmp_path: Path) -> StackPredictSettings:
    model = randomise(MSDNetwork(3, 1, 4, 1, dilations=(1, 5)))
    path = save(model, tmp_path / "net.ckpt", card("stack-regression", 1, 3))
    return StackPredictSettings(stack=stacks / "input.tif", checkpoint=path)


def run(config: StackPredictSettings, folder: Path) -> tuple[list[Report], Finished | Failed]:
    reports: list[Report] = []
    return reports, run_task(config, folder, reports.append, Control())


def expected(config: StackPredictSettings) -> torch.Tensor:
    """(z, c_out, y, x): the network over every slice and its neighbours, in double precision."""
    model = MSDNetwork.from_checkpoint(config.checkpoint)
    net = model.double()
    with open_stack(config.stack) as stack, torch.no_grad():
        if model.ndim == 3:
            return net(volume_of(stack, slice(None))[None].double())[0].transpose(0, 1)
        slab = model.c_in
        return torch.stack(
            [net(slab_around(stack, z, slab)[None].double())[0] for z in range(stack.shape[0])]
        )


@pytest.mark.parametrize("form", StackFormat)
def test_every_container_holds_the_prediction(
    regression: StackPredictSettings, tmp_path: Path, form: StackFormat
) -> None:
    config = replace(regression, format=form)
    reports, end = run(config, tmp_path / "run")
    assert end == Finished(tmp_path / "run", Reason.COMPLETED)
    with open_stack(config.result(tmp_path / "run")) as found:
        assert found.dtype == np.float32
        np.testing.assert_allclose(found.read(), expected(config)[:, 0], rtol=1e-4, atol=1e-3)
    parts = [report for report in reports if isinstance(report, PartDone)]
    assert [part.done for part in parts] == list(range(1, 10))
    assert {part.what for part in parts} == {"Predicting slices"}


def test_large_slices_flow_row_by_row(
    regression: StackPredictSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wholefield.networks.msd.predict, "CHANNEL_BYTES", 1000)
    run(regression, tmp_path / "run")
    found = tifffile.imread(regression.result(tmp_path / "run"))
    np.testing.assert_allclose(found, expected(regression)[:, 0], rtol=1e-4, atol=1e-3)


def test_volumes(stacks: Path, tmp_path: Path) -> None:
    model = randomise(MSDNetwork(1, 3, 4, dilations=(1, 2), ndim=3, task=Task.SEGMENTATION))
    known = card("stack-segmentation", labels=(0, 7, 1000))
    config = StackPredictSettings(
        stack=stacks / "input.tif", checkpoint=save(model, tmp_path / "net.ckpt", known)
    )
    run(config, tmp_path / "run")
    found = tifffile.imread(config.result(tmp_path / "run"))
    classes = expected(config).argmax(1).numpy()
    assert found.dtype == np.uint16
    assert (found == np.array([0, 7, 1000])[classes]).mean() > 0.999


def test_large_volumes_are_computed_window_by_window(
    stacks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows overlap by what the network reads, which reaches beyond the volume's own border here."""
    model = randomise(MSDNetwork(1, 1, 3, 1, dilations=(1, 3, 2), ndim=3))
    config = StackPredictSettings(
        stack=stacks / "input.tif",
        checkpoint=save(model, tmp_path / "net.ckpt", card("stack-regression")),
        output=tmp_path / "out.tif",
    )
    monkeypatch.setattr(
        wholefield.tasks.stacks.inference.volumes, "free_memory", lambda: 2 * 30 * 30 * voxel_bytes(model, 9)
    )
    monkeypatch.setattr(wholefield.tasks.stacks.inference.windows, "SMALLEST_CORE", 2)
    reports, end = run(config, tmp_path / "run")
    assert isinstance(end, Finished)
    found, wanted = tifffile.imread(tmp_path / "out.tif"), expected(config)[:, 0].numpy()
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-3)
    parts = [part for part in reports if isinstance(part, PartDone) and part.what == "Predicting windows"]
    assert [part.done for part in parts] == [1, 2, 3, 4]
    assert not (tmp_path / "run" / "volume.npy").exists()


def test_labels_and_probabilities(stacks: Path, tmp_path: Path) -> None:
    model = randomise(MSDNetwork(1, 2, 3, task=Task.SEGMENTATION))
    known = card("stack-segmentation", labels=(0, 255))
    config = StackPredictSettings(
        stack=stacks / "input.tif", checkpoint=save(model, tmp_path / "net.ckpt", known)
    )
    run(config, tmp_path / "labels")
    labels = tifffile.imread(config.result(tmp_path / "labels"))
    wanted = expected(config)
    assert labels.dtype == np.uint8
    assert (labels == 255 * wanted.argmax(1).numpy()).mean() > 0.999
    chosen = replace(config, probability_of=255, output=tmp_path / "p.tif")
    run(chosen, tmp_path / "chance")
    np.testing.assert_allclose(tifffile.imread(tmp_path / "p.tif"), wanted[:, 1].exp(), atol=1e-5)
    _, end = run(replace(config, probability_of=3), tmp_path / "none")
    assert isinstance(end, Failed)
    assert "probability_of is 3, but the labels of" in end.message


def test_bfloat16_comes_close(regression: StackPredictSettings, tmp_path: Path) -> None:
    run(replace(regression, precision=Precision.BF16), tmp_path / "run")
    found = tifffile.imread(regression.result(tmp_path / "run"))
    wanted = expected(regression)[:, 0].numpy()
    error = np.abs(found - wanted).max()
    assert 0 < error < 0.02 * np.ptp(wanted)


def test_a_checkpoint_of_msd_pytorch_needs_its_dilations(stacks: Path, tmp_path: Path) -> None:
    model = randomise(MSDNetwork(1, 1, 4, 1, dilations=(1, 2)))
    content = {"epoch": 1, "state_dict": model.state_dict()}
    torch.save(content, tmp_path / "old.torch")
    old = StackPredictSettings(stack=stacks / "input.tif", checkpoint=tmp_path / "old.torch", dilations="1,2")
    new = replace(old, checkpoint=save(model, tmp_path / "new.ckpt", None), dilations=None)
    results = []
    for name, config in (("old", old), ("new", new)):
        _, end = run(config, tmp_path / name)
        assert isinstance(end, Finished)
        results.append(tifffile.imread(config.result(tmp_path / name)))
    np.testing.assert_array_equal(*results)


def test_an_discarded_prediction_leaves_nothing(regression: StackPredictSettings, tmp_path: Path) -> None:
    config, control = replace(regression, output=tmp_path / "out.tif"), Control()

    def report(item: Report) -> None:
        if isinstance(item, PartDone):
            control.discard()

    before = set(tmp_path.iterdir())
    end = run_task(config, tmp_path / "run", report, control)
    assert end == Finished(tmp_path / "run", Reason.DISCARDED)
    assert set(tmp_path.iterdir()) == before


def test_other_voxels_are_told(regression: StackPredictSettings, tmp_path: Path) -> None:
    from wholefield.export.stacks import write_tiff_stack
    from wholefield.sources.stacks.geometry import StackGeometry

    model = randomise(MSDNetwork(1, 1, 2, 1))
    save(model, regression.checkpoint, card("stack-regression", 1, 1, (), (1.0, 0.5, 0.5), "um"))
    volume = tifffile.imread(regression.stack)
    write_tiff_stack(
        tmp_path / "s.tif", iter(volume), volume.shape, volume.dtype, StackGeometry((1.0, 1.0, 1.0), "um")
    )
    reports, _ = run(replace(regression, stack=tmp_path / "s.tif"), tmp_path / "run")
    (warning,) = [r for r in reports if isinstance(r, Message) and r.level is Level.WARNING]
    assert "s.tif has voxels of 1 x 1 x 1 um, but the network was trained at 1 x 0.5 x 0.5" in warning.text


@pytest.mark.parametrize(
    ("model", "known", "sentence"),
    [
        (lambda: MSDNetwork(2, 1, 2, 1), card("a", 2), "input.tif has 1 per slice"),
        (lambda: MSDNetwork(2, 1, 2, 1), None, "takes 2 channels"),
        (lambda: MSDNetwork(1, 2, 2, 1), None, "gives 2 values per voxel"),
        (lambda: MSDNetwork(1, 1, 2, 1, dilations=[38]), None, "reaches 38 voxels"),
    ],
)
def test_what_does_not_fit_is_refused(
    regression: StackPredictSettings,
    tmp_path: Path,
    model: Callable[[], MSDNetwork],
    known: ModelCard | None,
    sentence: str,
) -> None:
    save(model(), regression.checkpoint, known)
    _, end = run(regression, tmp_path / "run")
    assert isinstance(end, Failed)
    assert sentence in end.message
