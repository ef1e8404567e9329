"""The curriculum law and the videos."""

from types import SimpleNamespace
from typing import Any

import pytest
from lightning.pytorch import LightningModule

from wholefield.compat.metavision_ml.flow.callbacks import FlowCallback
from wholefield.errors import SettingError


class Recorder:
    """Stands in for data module and model."""

    def __init__(self) -> None:
        self.epochs: list[tuple[int, int]] = []
        self.videos: list[tuple[object, dict[str, object]]] = []

    def begin_epoch(self, epoch: int, max_consecutive: int) -> None:
        self.epochs.append((epoch, max_consecutive))

    def val_dataloader(self) -> str:
        return "validation"

    def demo_video(self, data: object, **options: object) -> None:
        self.videos.append((data, options))


def test_every_epoch_lengthens_sequences_and_every_second_has_a_video() -> None:
    both = Recorder()
    callback = FlowCallback(both, curriculum_param=2, mask_flow_by_input=False)
    for epoch in range(4):
        trainer: Any = SimpleNamespace(current_epoch=epoch, log_dir="logs", default_root_dir="root")
        callback.on_train_epoch_start(trainer, LightningModule())
        callback.on_train_epoch_end(trainer, both)
    assert both.epochs == [(0, 1), (1, 2), (2, 4), (3, 8)]
    assert both.videos == [
        ("validation", {"log_dir": "logs", "epoch": epoch, "mask_by_input": False}) for epoch in (2, 4)
    ]


def test_invalid_values_are_refused() -> None:
    with pytest.raises(SettingError, match="at least 1"):
        FlowCallback(None, curriculum_param=0.5)
