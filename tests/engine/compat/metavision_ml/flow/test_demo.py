"""Demo videos: frames of the first batches, the state untouched."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.engine.compat.metavision_ml.flow.conftest import SETTINGS
from wholefield.compat.metavision_ml.flow.data_module import FlowDataModule
from wholefield.compat.metavision_ml.flow.demo import demo_frames, video_file, write_demo
from wholefield.compat.metavision_ml.flow.lightning_model import FlowModel
from wholefield.errors import SettingError
from wholefield.networks.flow.memory import memory_of


def test_a_video_needs_a_batch(tmp_path: Path) -> None:
    model = FlowModel(**SETTINGS)
    with pytest.raises(SettingError, match="no batch"):
        model.demo_video([], log_dir=str(tmp_path))


def test_frames_show_the_first_batches_and_leave_no_state(folder: Path) -> None:
    model = FlowModel(**SETTINGS).train()
    data = FlowDataModule(model.hparams, str(folder))
    data.setup()
    frames = list(demo_frames(model, data.val_dataloader(), 2, mask_by_input=True))
    data.teardown()
    assert [frame.shape for frame in frames] == [(24, 32, 3)] * 4
    assert model.training
    assert memory_of(model.network) == [None]


def test_elements_of_a_batch_are_side_by_side() -> None:
    model = FlowModel(**SETTINGS, draw_dense=True)
    batch = {"inputs": torch.rand(2, 3, 6, 24, 32), "mask_keep_memory": torch.zeros(3)}
    (frame, _) = demo_frames(model, [batch], 1, mask_by_input=False)
    assert frame.shape == (48, 64, 3)
    assert frame[:24].any()
    assert not frame[24:, 32:].any()


def test_no_video_is_written_unless_asked_for(tmp_path: Path) -> None:
    write_demo(iter([np.zeros((24, 32, 3), np.uint8)]), None, show=False, delta_t=10_000)
    assert video_file(tmp_path, 3) == tmp_path / "videos" / "video#3.mp4"
    assert list(tmp_path.iterdir()) == []


def test_showing_without_windows_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def imshow(title: str, picture: np.ndarray) -> None:
        raise cv2.error("no windows")

    monkeypatch.setattr(cv2, "imshow", imshow)
    with pytest.raises(SettingError, match="write the video instead"):
        write_demo(iter([np.zeros((24, 32, 3), np.uint8)]), None, show=True, delta_t=10_000)
