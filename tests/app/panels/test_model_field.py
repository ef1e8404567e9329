from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from wholefield_app.panels.model_field import ModelField
from wholefield_app.runs.checkpoints import Checkpoint


@pytest.fixture
def field(qtbot: QtBot) -> ModelField:
    made = ModelField("Checkpoints (*.ckpt)")
    qtbot.addWidget(made)
    return made


def test_the_newest_is_chosen_and_none_is_none(field: ModelField, qtbot: QtBot, tmp_path: Path) -> None:
    assert field.checkpoint is None
    newest = Checkpoint(tmp_path / "b.ckpt", "newest")
    with qtbot.waitSignal(field.changed):
        field.set_checkpoints([newest, Checkpoint(tmp_path / "a.ckpt", "older")])
    assert field.checkpoint == newest.path
    field.set_checkpoints([])
    assert field.checkpoint is None


def test_a_file_of_the_user_stays_on_offer_while_it_exists(field: ModelField, tmp_path: Path) -> None:
    own = tmp_path / "own.ckpt"
    own.touch()
    field.choose(own)
    assert field.checkpoint == own
    field.set_checkpoints([Checkpoint(tmp_path / "b.ckpt", "newest")])
    assert field.list.findText("own.ckpt") == 1
    own.unlink()
    field.set_checkpoints([])
    assert field.list.count() == 0
