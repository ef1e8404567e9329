from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from wholefield.runs.reports import Direction, Started, StepDone, TileDone
from wholefield_app.panels.progress import RunProgress, describe_tile
from wholefield_app.theme.theme import Theme

TILE = TileDone(Direction.REVERSE, (1, 2), (3, 4), ((0, 1), (0, 1)), Path("folder/a.svs"))


@pytest.fixture
def progress(qtbot: QtBot, theme: Theme) -> RunProgress:
    made = RunProgress(theme)
    qtbot.addWidget(made)
    made.show()
    return made


def test_a_tile_is_named_by_slide_sweep_and_number() -> None:
    assert describe_tile(TILE) == "a.svs: reverse sweep, tile 7 of 12"


def test_at_rest_only_a_sentence_is_there(progress: RunProgress) -> None:
    progress.rest("Choose a folder.")
    assert progress.text.text() == "Choose a folder."
    assert not progress.bar.isVisible()


def test_the_newest_reports_win(progress: RunProgress, tmp_path: Path) -> None:
    progress.begin("Loading")
    assert (progress.bar.maximum(), progress.text.text()) == (0, "Loading")
    progress.add([Started("classify", tmp_path, 200, 20)])
    assert (progress.bar.maximum(), progress.text.text()) == (200, "Epoch 1 of 20")
    progress.add([StepDone(44, 200, 5, 20, 0.3), StepDone(45, 200, 5, 20, 0.3, 130.2), TILE])
    assert (progress.bar.value(), progress.bar.maximum()) == (45, 200)
    assert progress.text.text() == "Epoch 5 of 20, step 45 of 200"
    assert progress.time_left.text() == "2 min 10 s left"
    assert progress.caption.text() == describe_tile(TILE)
    progress.rest("Complete.")
    assert progress.time_left.text() == ""


def test_the_map_of_tiles_comes_with_the_first_tile(progress: RunProgress) -> None:
    progress.begin("Loading")
    progress.add([StepDone(1, 9, 1, 3, 0.3)])
    assert progress.bar.isVisible()
    assert not progress.sweep.isVisible()
    assert not progress.caption.isVisible()
    progress.add([TILE])
    assert progress.sweep.isVisible()
    assert progress.caption.isVisible()
    progress.rest("Complete.")
    assert not progress.sweep.isVisible()
