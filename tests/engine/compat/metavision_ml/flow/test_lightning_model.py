"""The Lightning module: training on folders, carried state, losses with and without labels, on Lightning 2."""

from pathlib import Path

import av
import pytest
import torch

from tests.engine.compat.metavision_ml.flow.conftest import SETTINGS, trainer
from wholefield.compat.metavision_ml.flow.callbacks import FlowCallback
from wholefield.compat.metavision_ml.flow.data_module import FlowDataModule
from wholefield.compat.metavision_ml.flow.lightning_model import FlowModel
from wholefield.flow.losses.supervised import supervised_loss


def test_fit_validate_test_and_videos(folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = FlowModel(**SETTINGS)
    data = FlowDataModule(model.hparams, str(folder), str(folder / "test"))
    callback = FlowCallback(data, curriculum_param=2, video_result_every_n_epochs=2)
    fit = trainer(tmp_path, max_epochs=2, callbacks=[callback])
    before = [parameter.detach().clone() for parameter in model.parameters()]
    fit.fit(model, data)
    assert any(not torch.equal(a, b) for a, b in zip(before, model.parameters(), strict=True))
    assert {"train_loss_data", "train_loss_bw_deblur", "val_loss"} <= set(fit.callback_metrics)
    videos = sorted(path.name for path in (tmp_path / "videos").iterdir())
    assert videos == ["video#2.mp4"]
    with av.open(str(tmp_path / "videos" / videos[0])) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 12
    assert (frames[0].width, frames[0].height) == (32, 24)
    (result,) = fit.test(model, data, verbose=False)
    assert result["test_aee"] == pytest.approx(2, abs=1.5)


def test_two_steps_carry_the_state_and_a_start_clears_it(folder: Path) -> None:
    torch.manual_seed(0)
    model = FlowModel(**SETTINGS).eval()
    data = FlowDataModule(model.hparams, str(folder))
    data.setup()
    first, second, *_ = list(data.val_dataloader())
    assert float(first["mask_keep_memory"]) == 0
    assert float(second["mask_keep_memory"]) == 1
    with torch.no_grad():
        both = model(torch.cat([first["inputs"], second["inputs"]]))[-1]
        model.network.reset()
        model.validation_step(first, 0)
        torch.testing.assert_close(model(second["inputs"])[-1], both[2:], atol=1e-6, rtol=1e-5)
        model.loss_step(first, 0, "val")
        torch.testing.assert_close(model(second["inputs"])[-1], both[2:], atol=1e-6, rtol=1e-5)
    data.teardown()


def test_loss_step_is_supervised_where_there_are_labels(folder: Path) -> None:
    model = FlowModel(**SETTINGS).eval()
    data = FlowDataModule(model.hparams, str(folder), str(folder / "test"))
    data.setup()
    labeled, unlabeled = next(iter(data.test_dataloader())), next(iter(data.val_dataloader()))
    with torch.no_grad():
        expected = supervised_loss(model(labeled["inputs"]), torch.stack(labeled["labels"]))
        for loss in (model.loss_step(labeled, 0), model.test_step(labeled, 0)):
            torch.testing.assert_close(loss, expected)
        model.network.reset()
        losses = model.compute_loss(unlabeled["inputs"])
        torch.testing.assert_close(
            model.loss_step(unlabeled, 0, "val"), torch.stack([*losses.values()]).sum()
        )
    data.teardown()


def test_set_defaults_completes_older_hyperparameters() -> None:
    model = FlowModel(**SETTINGS)
    del model.hparams["draw_dense"]
    model.set_defaults()
    assert model.hparams["draw_dense"] is False
    assert model.hparams["delta_t"] == SETTINGS["delta_t"]


def test_losses_are_those_of_the_network(folder: Path) -> None:
    model = FlowModel(**SETTINGS, loss_weights={"l1": 2.0})
    inputs = torch.rand(2, 1, 6, 24, 32)
    losses = model.compute_loss(inputs)
    model.network.reset()
    flows = model(inputs)
    expected = 2 * torch.stack([flow.abs().mean() for flow in flows]).mean()
    torch.testing.assert_close(losses["l1"], expected)
