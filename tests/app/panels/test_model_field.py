from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from wholefield_app.panels.model_field import ModelField
from wholefield_app.runs.models import TrainedModel


@pytest.fixture
def field(qtbot: QtBot) -> ModelField:
    made = ModelField("Checkpoints (*.ckpt)")
    qtbot.addWidget(made)
    return made


def chosen(field: ModelField) -> Path | None:
    return field.checkpoint


def test_the_newest_is_chosen_and_none_is_none(field: ModelField, qtbot: QtBot, tmp_path: Path) -> None:
    assert chosen(field) is None
    newest = TrainedModel(tmp_path / "b.ckpt", "newest")
    with qtbot.waitSignal(field.changed):
        field.set_models([newest, TrainedModel(tmp_path / "a.ckpt", "older")])
    assert chosen(field) == newest.path
    field.set_models([])
    assert chosen(field) is None


def test_a_file_of_the_user_stays_on_offer_while_it_exists(field: ModelField, tmp_path: Path) -> None:
    own = tmp_path / "own.ckpt"
    own.touch()
    field.choose(own)
    assert field.checkpoint == own
    field.set_models([TrainedModel(tmp_path / "b.ckpt", "newest")])
    assert field.list.findText("own.ckpt") == 1
    own.unlink()
    field.set_models([])
    assert field.list.count() == 0


def test_the_chosen_model_stays_chosen_while_newer_ones_arrive(field: ModelField, tmp_path: Path) -> None:
    first, second = (TrainedModel(tmp_path / name / "best.ckpt", name) for name in ("first", "second"))
    field.set_models([first])
    field.set_models([second, first])
    assert field.checkpoint == first.path
    field.choose_run(tmp_path / "second")
    assert field.checkpoint == second.path
    field.choose_run(tmp_path / "a run without a model")
    assert field.checkpoint == second.path
    field.choose(first.path)
    assert field.list.count() == 2
    assert field.checkpoint == first.path


def test_a_long_name_is_whole_in_the_tool_tip_with_its_path(field: ModelField, tmp_path: Path) -> None:
    title = "ResNet-18 on the slides of a hospital, best, accuracy 0.93, 10:32, 30 Nov"
    field.resize(160, 30)
    field.show()
    field.set_models([TrainedModel(tmp_path / "best.ckpt", title)])
    for tip in (field.list.toolTip(), field.list.itemData(0, Qt.ItemDataRole.ToolTipRole)):
        assert tip == f"{title}\n{tmp_path / 'best.ckpt'}"
    assert not field.grab().isNull()
