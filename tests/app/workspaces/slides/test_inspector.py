"""The inspector in the real window: tables come by themselves, a click marks, stale plans are never shown."""

import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.app.spaces import slides_of
from tests.there import there
from wholefield.cli import main
from wholefield.tasks.slides.inspection import Purpose, suggest_for
from wholefield.tasks.slides.layer_rows import LayerChoice
from wholefield_app.launch import make_window
from wholefield_app.panels.inspector_panel import NO_SLIDE
from wholefield_app.runs import SessionState
from wholefield_app.theme.theme import ThemeName
from wholefield_app.window.main_window import MainWindow
from wholefield_app.window.submenus import CommandMenu
from wholefield_app.workspaces.slides import inspector as inspector_module
from wholefield_app.workspaces.slides.inspector import Inspector
from wholefield_app.workspaces.slides.receptive_field import CELL, FIELD, TILE


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspector_module, "REST_MS", 0)


@pytest.fixture
def inspector(window: MainWindow) -> Inspector:
    return slides_of(window).inspector


@pytest.fixture
def open_inspector(
    window: MainWindow, make_slide: Callable[..., Path], open_and_wait: Callable[[Path], None], qtbot: QtBot
) -> MainWindow:
    """The window with a slide of 300 px and the inspector showing the small network over it."""
    open_and_wait(make_slide("slide.tif"))
    slides_of(window).draft.set(tile_size=128)
    window.registry["slides.inspector"].trigger()
    wait(window, qtbot)
    return window


def wait(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not slides_of(window).inspector.busy, timeout=20_000)


def boxes(window: MainWindow) -> list[str]:
    return [box.color.name() for box in slides_of(window).view._boxes.boxes]


def click(window: MainWindow, x: float, y: float, qtbot: QtBot) -> None:
    """A real click at a level-0 position."""
    view = slides_of(window).view
    place = QPoint(*(round(value) for value in view._view.to_screen(x, y)))
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=place)


def test_it_is_hidden_at_first_and_plans_nothing(
    window: MainWindow,
    inspector: Inspector,
    make_slide: Callable[..., Path],
    open_and_wait: Callable[[Path], None],
) -> None:
    open_and_wait(make_slide("slide.tif"))
    assert not window.docks.by_id["slides.inspector"].isVisible()
    assert not window.registry["slides.inspector"].isChecked()
    assert not inspector.busy
    click_at = slides_of(window).view.clicked
    click_at.emit(10.0, 10.0)
    assert boxes(window) == []


def test_without_a_slide_it_says_what_to_do(window: MainWindow) -> None:
    panel = slides_of(window).inspector_panel
    window.registry["slides.inspector"].trigger()
    assert panel.message.isVisible()
    assert panel.message.text() == NO_SLIDE
    assert not panel.settings.suggest.isEnabled()
    assert slides_of(window).inspector.command() is None


def test_the_action_shows_it_in_front_and_hides_it_again(window: MainWindow, qtbot: QtBot) -> None:
    action, docks = window.registry["slides.inspector"], window.docks.by_id
    before = docks["slides.training"].width()
    action.trigger()
    assert action.isChecked()
    qtbot.waitUntil(lambda: docks["slides.inspector"].width() > before)
    docks["slides.training"].raise_()
    qtbot.waitUntil(lambda: not action.isChecked())
    action.trigger()
    qtbot.waitUntil(action.isChecked)
    action.trigger()
    assert not action.isChecked()
    assert not docks["slides.inspector"].isVisible()
    qtbot.waitUntil(lambda: docks["slides.training"].width() == before)


def test_table_and_readouts_appear(open_inspector: MainWindow) -> None:
    panel = slides_of(open_inspector).inspector_panel
    assert panel.table.isVisible()
    assert panel.table.layers.rowCount() == 15
    readouts = {name: label.text() for name, label in panel.settings.readouts.items()}
    assert readouts["Image"] == "300 × 300 px"
    assert readouts["Tiles"] == "3 × 3 = 9 of 128 px"
    assert readouts["Receptive field"] == "151 px, stride 32"
    assert "Click on the slide" in panel.sentence.text()
    assert not panel.clear.isEnabled()


def test_a_click_marks_field_position_and_tiles(open_inspector: MainWindow, qtbot: QtBot) -> None:
    window, panel = open_inspector, slides_of(open_inspector).inspector_panel
    click(window, 70, 200, qtbot)
    assert boxes(window) == [TILE] * 6 + [FIELD, CELL]
    assert panel.sentence.text().startswith("features.13, position (2, 6) sees 140 × 151 px, in 6 tiles")
    panel.table.select(panel.table.layers.rows[0])
    assert boxes(window) == [TILE, FIELD, CELL]
    assert panel.sentence.text().startswith("image, position (")
    panel.clear.click()
    assert boxes(window) == []
    assert "Click on the slide" in panel.sentence.text()


def test_a_click_beside_the_slide_marks_nothing(open_inspector: MainWindow) -> None:
    slides_of(open_inspector).view.clicked.emit(-1.0, 10.0)
    assert boxes(open_inspector) == []


def test_marks_follow_the_settings_and_go_with_the_panel(open_inspector: MainWindow, qtbot: QtBot) -> None:
    window, panel = open_inspector, slides_of(open_inspector).inspector_panel
    click(window, 150, 150, qtbot)
    panel.settings.tile_size.setCurrentText("512")
    panel.settings.tile_size.activated.emit(0)
    wait(window, qtbot)
    assert boxes(window) == [TILE, FIELD, CELL]
    window.registry["slides.inspector"].trigger()
    assert boxes(window) == []
    window.registry["slides.inspector"].trigger()
    assert boxes(window) == [TILE, FIELD, CELL]


def test_zooming_to_what_is_marked_brings_it_into_sight(open_inspector: MainWindow, qtbot: QtBot) -> None:
    window, panel = open_inspector, slides_of(open_inspector).inspector_panel
    assert not panel.zoom.isEnabled()
    slides_of(window).view.clicked.emit(90.0, 200.0)
    panel.zoom.click()
    view = slides_of(window).view
    field = next(box.box for box in view._boxes.boxes if box.color.name() == FIELD)
    seen = view.visible_rect()
    assert seen.contains(*(field.x + field.width / 2, field.y + field.height / 2))
    assert field.height * view.scale == pytest.approx(min(view.width(), view.height()) / 2, rel=0.01)


def test_network_and_tile_size_are_those_of_the_training(open_inspector: MainWindow, qtbot: QtBot) -> None:
    window = open_inspector
    draft, settings = slides_of(window).draft, slides_of(window).inspector_panel.settings
    settings.network.setCurrentIndex(settings.network.findData("resnet18"))
    settings.network.activated.emit(settings.network.currentIndex())
    assert draft.value("model") == "resnet18"
    draft.set(tile_size=96)
    assert settings.tile_size.currentText() == "96"
    wait(window, qtbot)
    assert settings.readouts["Tiles"].text() == "4 × 4 = 16 of 96 px"
    assert settings.readouts["Receptive field"].text() == "435 px, stride 32"
    typed = there(settings.tile_size.lineEdit())
    typed.setText("100")
    typed.editingFinished.emit()
    assert draft.value("tile_size") == 100


def test_only_the_newest_settings_are_shown(open_inspector: MainWindow, qtbot: QtBot) -> None:
    window = open_inspector
    shown: list[int] = []
    plans = slides_of(window).inspector._plans
    plans.answered.connect(lambda inspection: shown.append(inspection.tile_size))
    for tile_size in (64, 80, 96):
        slides_of(window).draft.set(tile_size=tile_size)
    assert slides_of(window).inspector_panel.bar.isVisible()
    wait(window, qtbot)
    assert shown == [96]
    assert not slides_of(window).inspector_panel.bar.isVisible()


def test_another_slide_is_planned_anew_and_bears_no_marks(
    open_inspector: MainWindow,
    make_slide: Callable[..., Path],
    open_and_wait: Callable[[Path], None],
    qtbot: QtBot,
) -> None:
    window = open_inspector
    click(window, 150, 150, qtbot)
    open_and_wait(make_slide("other.tif", side=200))
    wait(window, qtbot)
    assert boxes(window) == []
    assert slides_of(window).inspector_panel.settings.readouts["Image"].text() == "200 × 200 px"
    window.registry["slides.close"].trigger()
    assert slides_of(window).inspector_panel.message.text() == NO_SLIDE


def test_the_layers_are_filtered(open_inspector: MainWindow) -> None:
    panel = slides_of(open_inspector).inspector_panel
    panel.choice.setCurrentIndex(panel.choice.findData(LayerChoice.WINDOWS))
    assert [row.operation for row in panel.table.layers.rows] == ["conv2d"] * 4 + ["max_pool2d"]
    panel.choice.setCurrentIndex(panel.choice.findData(LayerChoice.STAGES))
    assert panel.table.layers.rowCount() == 4


def test_a_suggestion_is_taken_over(open_inspector: MainWindow, qtbot: QtBot) -> None:
    window, settings = open_inspector, slides_of(open_inspector).inspector_panel.settings
    settings.suggest.click()
    assert not settings.suggest.isEnabled()
    wait(window, qtbot)
    assert settings.suggest.isEnabled()
    draft = slides_of(window).draft
    source = there(slides_of(window).document.input)
    size = (source.height, source.width)
    suggested = suggest_for(str(draft.value("model")), size, int(settings.memory.value() * 1e9))
    assert (draft.value("tile_size"), draft.value("workers")) == suggested
    assert settings.tile_size.currentText() == str(suggested[0])


@pytest.mark.parametrize("purpose", Purpose)
def test_a_suggestion_is_for_what_was_chosen(
    open_inspector: MainWindow, qtbot: QtBot, purpose: Purpose
) -> None:
    settings = slides_of(open_inspector).inspector_panel.settings
    settings.suggestion_wanted.disconnect()
    settings.memory.setValue(2.5)
    settings.purpose.setCurrentText(str(purpose))
    with qtbot.waitSignal(settings.suggestion_wanted) as wanted:
        settings.suggest.click()
    assert wanted.args[0] == 2_500_000_000
    assert wanted.args[1] is purpose


def test_a_suggestion_that_does_not_exist_is_explained(
    open_inspector: MainWindow, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    window, panel = open_inspector, slides_of(open_inspector).inspector_panel
    panel.settings.suggestion_wanted.emit(1000, Purpose.TRAINING)
    wait(window, qtbot)
    assert "No tile size fits into 1 kB" in panel.sentence.text()
    assert slides_of(window).draft.value("tile_size") == 128


def test_a_plan_that_cannot_be_made_is_explained(
    open_inspector: MainWindow,
    make_slide: Callable[..., Path],
    open_and_wait: Callable[[Path], None],
    qtbot: QtBot,
) -> None:
    """What cannot work stands in place of the table; another setting brings the table back."""
    window = open_inspector
    panel = slides_of(window).inspector_panel
    slides_of(window).draft.set(model="no such network")
    wait(window, qtbot)
    assert panel.message.isVisible()
    assert "no such network" in panel.message.text()
    assert panel.message.property("role") == "danger"
    assert boxes(window) == []
    slides_of(window).draft.set(model="small_cnn")
    wait(window, qtbot)
    assert panel.table.isVisible()


def test_the_settings_are_locked_while_a_training_goes_on(open_inspector: MainWindow) -> None:
    session = slides_of(open_inspector).training
    settings = slides_of(open_inspector).inspector_panel.settings
    session.state_changed.emit(SessionState.RUNNING)
    assert not any(field.isEnabled() for field in (settings.network, settings.tile_size, settings.suggest))
    session.state_changed.emit(SessionState.IDLE)
    assert all(field.isEnabled() for field in (settings.network, settings.tile_size, settings.suggest))


def test_the_command_prints_the_same(open_inspector: MainWindow, capsys: pytest.CaptureFixture[str]) -> None:
    window, panel = open_inspector, slides_of(open_inspector).inspector_panel
    panel.choice.setCurrentIndex(panel.choice.findData(LayerChoice.WINDOWS))
    menu = there(window.findChild(CommandMenu))
    menu.refill()
    entry = next(entry for entry in menu.actions() if entry.text().replace("&", "") == "Inspector")
    entry.trigger()
    program, *words = shlex.split(QGuiApplication.clipboard().text())
    assert program == "wholefield"
    assert main(words) == 0
    printed = capsys.readouterr().out
    for name, label in panel.settings.readouts.items():
        assert f"{name}:" in printed
        assert label.text().replace("×", "x") in printed
    for row in panel.table.layers.rows:
        assert row.layer in printed
    assert "features.1 " not in printed


def test_it_follows_the_theme(open_inspector: MainWindow) -> None:
    before = slides_of(open_inspector).inspector_panel.clear.icon().cacheKey()
    open_inspector.services.themes.use(ThemeName.LIGHT)
    assert slides_of(open_inspector).inspector_panel.clear.icon().cacheKey() != before


@pytest.mark.data
def test_on_a_real_slide(
    window: MainWindow, data_folder: Path, open_and_wait: Callable[[Path], None], qtbot: QtBot
) -> None:
    open_and_wait(data_folder / "slides" / "CMU-1-Small-Region.svs")
    slides_of(window).draft.set(model="resnet18", tile_size=512)
    window.registry["slides.inspector"].trigger()
    wait(window, qtbot)
    slides_of(window).view.clicked.emit(1000.0, 1480.0)
    assert slides_of(window).inspector_panel.sentence.text().endswith("sees 435 × 435 px, in 4 tiles.")
    assert boxes(window) == [TILE] * 4 + [FIELD, CELL]


def test_it_comes_back_with_the_layout_and_goes_with_a_reset(
    window: MainWindow, qapp: QApplication, qtbot: QtBot, store: QSettings
) -> None:
    window.registry["slides.inspector"].trigger()
    window.close()
    again = make_window(qapp, None, QSettings(store.fileName(), QSettings.Format.IniFormat))
    qtbot.addWidget(again)
    again.show()
    action = again.registry["slides.inspector"]
    qtbot.waitUntil(action.isChecked)
    again.registry["view.reset_layout"].trigger()
    qtbot.waitUntil(lambda: not action.isChecked())
    action.trigger()
    qtbot.waitUntil(action.isChecked)
    again.close()
