"""Folders of files as loaders: usable after fit and test, clear words for what is missing."""

import shutil
from pathlib import Path

import pytest
import torch

from tests.engine.compat.metavision_ml.flow.conftest import SETTINGS, trainer
from wholefield.compat.metavision_ml.flow.data_module import FlowDataModule
from wholefield.compat.metavision_ml.flow.lightning_model import FlowModel
from wholefield.errors import SettingError, SourceError


def test_loaders_stay_usable_after_fit_and_test(folder: Path, tmp_path: Path) -> None:
    model = FlowModel(**SETTINGS)
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
    model = FlowModel(**SETTINGS)
    data = FlowDataModule(model.hparams, str(folder))
    run = trainer(tmp_path, max_epochs=3)
    run.fit(model, data)
    assert run.global_step == 3 * len(data.train_dataloader()) > 0


def test_missing_folders_and_wrong_sizes_are_named(folder: Path, tmp_path: Path) -> None:
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
