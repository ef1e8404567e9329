"""The documented Lightning interface: defaults, training on folders, labels, demo video, on Lightning 2."""

import shutil
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer

from wholefield.compat.metavision_ml.flow.callbacks import FlowCallback
from wholefield.compat.metavision_ml.flow.data_module import FlowDataModule
from wholefield.compat.metavision_ml.flow.lightning_model import FlowModel
from wholefield.errors import SettingError, SourceError
from wholefield.export.dat import write_dat
from wholefield.export.events import write_events_hdf5
from wholefield.export.flow import write_flow_hdf5
from wholefield.flow.features import write_features
from wholefield.flow.losses.supervised import supervised_loss
from wholefield.sources.events.opening import open_recording
from wholefield.sources.events.recording import EVENT_DTYPE

SETTINGS = {
    "delta_t": 5000,
    "array_dim": (2, 6, 24, 32),
    "learning_rate": 1e-3,
    "network_kwargs": {"base": 2},
}


def moving_bar(seed: int) -> np.ndarray:
    """60 ms of a bar of events that crosses 32 x 24 px, with noise."""
    random = np.random.default_rng(seed)
    events = np.zeros(3000, EVENT_DTYPE)
    events["t"] = np.sort(random.integers(0, 60_000, 3000))
    events["x"] = (events["t"] // 2500 + random.integers(0, 2, 3000)) % 32
    events["y"], events["p"] = random.integers(0, 24, 3000), random.integers(0, 2, 3000)
    return events


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """train has a recording and its features, val a recording, test a DAT file with labels."""
    root = tmp_path_factory.mktemp("flow")
    for part in ("train", "val", "test"):
        (root / part).mkdir()
    write_events_hdf5(root / "train" / "a.hdf5", [moving_bar(0)], 32, 24)
    write_events_hdf5(root / "val" / "b.hdf5", [moving_bar(1)], 32, 24)
    with open_recording(root / "train" / "a.hdf5") as recording:
        write_features(root / "train" / "c.h5", recording, "event_cube", 5000)
    write_dat(root / "test" / "d_td.dat", [moving_bar(2)], 32, 24)
    rows = np.tile(np.array([2.0, 0.0], np.float32)[:, None, None], (12, 1, 24, 32))
    write_flow_hdf5(root / "test" / "d_flow.h5", rows, (12, 24, 32), 5000)
    return root


def trainer(folder: Path, **options: object) -> Trainer:
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    quiet |= {"enable_checkpointing": False, "accelerator": "cpu", "num_sanity_val_steps": 0}
    return Trainer(default_root_dir=folder, **quiet, **options)  # type: ignore[arg-type]


def test_fit_validate_test_and_videos(folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = FlowModel(**SETTINGS)  # type: ignore[arg-type]
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


def test_two_steps_carry_the_state_and_a_start_forgets_it(folder: Path) -> None:
    torch.manual_seed(0)
    model = FlowModel(**SETTINGS).eval()  # type: ignore[arg-type]
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


def test_loaders_stay_usable_after_fit_and_test(folder: Path, tmp_path: Path) -> None:
    model = FlowModel(**SETTINGS)  # type: ignore[arg-type]
    data = FlowDataModule(model.hparams, str(folder), str(folder / "test"))
    data.setup()
    loaders = data.train_dataloader(), data.val_dataloader(), data.test_dataloader()
    before = [[batch["inputs"] for batch in loader] for loader in loaders]
    run = trainer(tmp_path, max_epochs=1)
    run.fit(model, data)
    run.test(model, data, verbose=False)
    for loader, inputs in zip(loaders, before, strict=True):
        after = [batch["inputs"] for batch in loader]
        assert len(after) == len(loader) > 0
        assert all(torch.equal(a, b) for a, b in zip(after, inputs, strict=True))
    data.teardown()


def test_every_epoch_trains_without_a_callback(folder: Path, tmp_path: Path) -> None:
    model = FlowModel(**SETTINGS)  # type: ignore[arg-type]
    data = FlowDataModule(model.hparams, str(folder))
    run = trainer(tmp_path, max_epochs=3)
    run.fit(model, data)
    assert run.global_step == 3 * len(data.train_dataloader()) > 0


def test_loss_step_is_supervised_where_there_are_labels(folder: Path) -> None:
    model = FlowModel(**SETTINGS).eval()  # type: ignore[arg-type]
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
    model = FlowModel(**SETTINGS)  # type: ignore[arg-type]
    del model.hparams["draw_dense"]
    model.set_defaults()
    assert model.hparams["draw_dense"] is False
    assert model.hparams["delta_t"] == SETTINGS["delta_t"]


def test_losses_are_those_of_the_network(folder: Path) -> None:
    model = FlowModel(**SETTINGS, loss_weights={"l1": 2.0})  # type: ignore[arg-type]
    inputs = torch.rand(2, 1, 6, 24, 32)
    losses = model.compute_loss(inputs)
    model.network.reset()
    flows = model(inputs)
    expected = 2 * torch.stack([flow.abs().mean() for flow in flows]).mean()
    torch.testing.assert_close(losses["l1"], expected)


def test_what_cannot_be_is_told(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no folder train"):
        FlowDataModule(SETTINGS, str(tmp_path)).setup()
    (tmp_path / "train").mkdir()
    with pytest.raises(SettingError, match="feature files or recordings"):
        FlowDataModule(SETTINGS, str(tmp_path)).setup()
    with pytest.raises(SettingError, match=r"call setup\(\)"):
        FlowDataModule(SETTINGS, str(folder)).test_dataloader()
    shutil.copy(folder / "train" / "a.hdf5", tmp_path / "train" / "a.hdf5")
    data = FlowDataModule(SETTINGS | {"array_dim": (2, 6, 10, 10)}, str(tmp_path))
    with pytest.raises(SettingError, match="correct array_dim"):
        data.setup()
    model = FlowModel(**SETTINGS)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="no batch"):
        model.demo_video([], log_dir=str(tmp_path))
