"""The real window: opening in every way, errors, themes, layout, closing."""

import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QSettings, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QMessageBox, QStackedWidget, QToolBar
from pytestqt.qtbot import QtBot

from tests.app.spaces import slides_of
from tests.there import a, there
from wholefield.runs.control import Control
from wholefield_app.document import dialogs
from wholefield_app.launch import make_window
from wholefield_app.runs import RunSession, SessionState
from wholefield_app.theme.theme import ThemeName, load_theme
from wholefield_app.window.closing import ClosingQuestion
from wholefield_app.window.main_window import MainWindow
from wholefield_app.window.submenus import RecentMenu

OpenAndWait = Callable[[Path], None]


def welcomes(window: MainWindow) -> bool:
    slides = slides_of(window)
    return a(QStackedWidget, slides.central).currentWidget() is slides.welcome


def recent_menu(window: MainWindow) -> RecentMenu:
    return there(window.findChild(RecentMenu))


def test_at_first_the_window_says_what_to_do(window: MainWindow) -> None:
    assert window.windowTitle() == "Wholefield"
    assert welcomes(window)
    assert not window.banner.isVisible()
    assert window.status.text() == "Ready"
    assert not window.registry["slides.fit"].isEnabled()


def test_open_by_menu(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, make_slide: Callable[..., Path]
) -> None:
    slide = make_slide("by menu.tif")
    monkeypatch.setattr(dialogs, "ask_for_file", lambda *_: slide)
    window.registry["slides.open"].trigger()
    qtbot.waitUntil(lambda: window.windowTitle() == "by menu.tif — Wholefield")
    assert slides_of(window).view.isVisible()
    assert window.registry["slides.fit"].isEnabled()
    assert window.services.settings.recent == (slide,)


def test_a_cancelled_dialog_changes_nothing(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ask_for_file", "ask_for_folder"):
        monkeypatch.setattr(dialogs, name, lambda *_: None)
    window.registry["slides.open"].trigger()
    window.registry["slides.open_folder"].trigger()
    assert window.workspace.quiet
    assert window.windowTitle() == "Wholefield"


def test_open_by_drop(window: MainWindow, qtbot: QtBot, make_slide: Callable[..., Path]) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/a.svs"), QUrl.fromLocalFile(str(make_slide("dropped.tif")))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, mime, buttons, keys)
    enter.ignore()
    window.dragEnterEvent(enter)
    assert enter.isAccepted()
    window.dropEvent(QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, mime, buttons, keys))
    qtbot.waitUntil(lambda: window.windowTitle().startswith("dropped.tif"))


def test_several_dropped_files_all_open(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, make_slide: Callable[[str], Path]
) -> None:
    stack, bad = tmp_path / "stack.nrrd", tmp_path / "bad.svs"
    header = "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 4 4 4\nencoding: raw\n\n"
    stack.write_bytes(header.encode() + bytes(64))
    bad.write_bytes(b"not a slide")
    window.open_all([make_slide("a.tif"), bad, stack, make_slide("b.tif")])
    qtbot.waitUntil(lambda: window.windowTitle().startswith("b.tif") and window.quiet, timeout=20_000)
    assert [path.name for path in window.services.settings.recent] == ["b.tif", "stack.nrrd", "a.tif"]
    assert "bad.svs" in window.banner.sentence.text()
    window.go_to("stacks")
    assert window.windowTitle().startswith("stack.nrrd")


def test_a_text_is_not_taken_as_a_drop(window: MainWindow) -> None:
    mime = QMimeData()
    mime.setText("a.svs")
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, mime, buttons, keys)
    enter.ignore()
    window.dragEnterEvent(enter)
    assert not enter.isAccepted()


def test_open_by_the_list_of_recent_files(
    window: MainWindow, qtbot: QtBot, make_slide: Callable[..., Path], open_and_wait: OpenAndWait
) -> None:
    first, second = make_slide("first & only.tif"), make_slide("second.tif")
    open_and_wait(first)
    open_and_wait(second)
    menu = recent_menu(window)
    assert [entry.text() for entry in menu.actions()[:2]] == ["second.tif", "first && only.tif"]
    menu.actions()[1].trigger()
    qtbot.waitUntil(lambda: window.windowTitle().startswith("first & only.tif"))
    menu.actions()[-1].trigger()
    assert window.services.settings.recent == ()
    assert not menu.isEnabled()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bad.svs", b"this is no slide"),
        ("empty.tif", b""),
        ("cut.tif", b"II*\0\x08\0\0\0"),
        ("gone.svs", None),
    ],
)
def test_a_bad_file_is_said_in_a_sentence_and_the_window_lives_on(
    window: MainWindow,
    qtbot: QtBot,
    tmp_path: Path,
    make_slide: Callable[..., Path],
    open_and_wait: OpenAndWait,
    name: str,
    content: bytes | None,
) -> None:
    good, bad = make_slide("good.tif"), tmp_path / name
    open_and_wait(good)
    if content is not None:
        bad.write_bytes(content)
    window.open(bad)
    qtbot.waitUntil(window.banner.isVisible)
    sentence = window.banner.sentence.text()
    assert name in sentence
    assert sentence.endswith(".")
    assert "Traceback" not in sentence
    assert not window.banner.copy.isVisible()
    assert window.windowTitle().startswith("good.tif")
    assert bad not in window.services.settings.recent
    window.banner.dismiss.click()
    assert not window.banner.isVisible()
    qtbot.waitUntil(lambda: any(line.text == sentence for line in window.services.log.lines))
    open_and_wait(good)


def test_only_what_was_asked_for_last_is_opened(
    window: MainWindow, qtbot: QtBot, make_slide: Callable[..., Path]
) -> None:
    for name in ("a.tif", "b.tif", "c.tif"):
        window.open(make_slide(name))
    qtbot.waitUntil(lambda: window.workspace.quiet and bool(window.workspace.title))
    assert window.windowTitle().startswith("c.tif")
    assert [path.name for path in window.services.settings.recent] == ["c.tif"]


def test_close_the_slide(
    window: MainWindow, make_slide: Callable[..., Path], open_and_wait: OpenAndWait
) -> None:
    open_and_wait(make_slide("a.tif"))
    source = there(slides_of(window).document.input)
    window.registry["slides.close"].trigger()
    assert window.windowTitle() == "Wholefield"
    assert welcomes(window)
    with pytest.raises(Exception, match=r"a\.tif"):
        source.read_region(0, 0, 0, 8, 8)


def test_an_unexpected_error_is_told_with_details_to_copy(window: MainWindow, qtbot: QtBot) -> None:
    try:
        raise RuntimeError("deep down")
    except RuntimeError as error:
        sys.excepthook(RuntimeError, error, error.__traceback__)
    qtbot.waitUntil(window.banner.isVisible)
    assert "deep down" in window.banner.sentence.text()
    window.banner.copy.click()
    assert "test_main_window.py" in QGuiApplication.clipboard().text()


def test_an_error_in_another_thread_is_told_too(window: MainWindow, qtbot: QtBot) -> None:
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    qtbot.waitUntil(window.banner.isVisible)
    assert "ZeroDivisionError" in window.banner.sentence.text()


def test_themes_switch_at_once_and_are_remembered(window: MainWindow, store: QSettings) -> None:
    dark = window.grab().toImage()
    window.registry["view.light"].trigger()
    light = window.grab().toImage()
    light_theme = load_theme(ThemeName.LIGHT)
    assert light.pixelColor(3, light.height() - 40).name() == light_theme.window
    assert dark.pixelColor(3, dark.height() - 40).name() == load_theme(ThemeName.DARK).window
    assert window.registry["view.light"].isChecked()
    assert not window.registry["view.dark"].isChecked()
    assert window.services.settings.theme is ThemeName.LIGHT
    window.registry["view.light"].trigger()
    assert window.registry["view.light"].isChecked()
    window.registry["view.dark"].trigger()
    assert (
        window.grab().toImage().pixelColor(3, dark.height() - 40).name() == load_theme(ThemeName.DARK).window
    )


def test_panels_are_hidden_remembered_and_put_back(
    window: MainWindow, qapp: QApplication, store: QSettings, qtbot: QtBot
) -> None:
    log, slides = window.docks.by_id["log"], window.docks.by_id["slides.list"]
    log.toggleViewAction().trigger()
    slides.toggleViewAction().trigger()
    assert (log.isVisible(), slides.isVisible()) == (True, False)
    window.close()
    second = make_window(qapp, None, QSettings(store.fileName(), QSettings.Format.IniFormat))
    qtbot.addWidget(second)
    second.show()
    shown = second.docks.by_id
    assert (shown["log"].isVisible(), shown["slides.list"].isVisible()) == (True, False)
    second.registry["view.reset_layout"].trigger()
    assert (shown["log"].isVisible(), shown["slides.list"].isVisible()) == (False, True)
    second.close()


def test_the_view_is_saved_as_a_picture(
    window: MainWindow,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    qtbot: QtBot,
    make_slide: Callable[..., Path],
    open_and_wait: OpenAndWait,
) -> None:
    open_and_wait(make_slide("a.tif"))
    out = tmp_path / "out.png"
    monkeypatch.setattr(dialogs, "ask_for_picture", lambda *_: out)
    window.registry["slides.save_picture"].trigger()
    assert out.stat().st_size > 1000
    monkeypatch.setattr(dialogs, "ask_for_picture", lambda *_: tmp_path / "no folder" / "out.png")
    window.registry["slides.save_picture"].trigger()
    qtbot.waitUntil(window.banner.isVisible)
    assert "out.png cannot be written" in window.banner.sentence.text()


def test_about_and_properties_open_beside_the_work(
    window: MainWindow, make_slide: Callable[..., Path], open_and_wait: OpenAndWait
) -> None:
    window.registry["help.about"].trigger()
    about = there(window.findChild(QMessageBox))
    assert about.text().startswith("Wholefield ")
    about.close()
    open_and_wait(make_slide("a.tif"))
    window.registry["slides.properties"].trigger()


def test_full_screen_and_back(window: MainWindow) -> None:
    action = window.registry["view.full_screen"]
    action.trigger()
    assert window.isFullScreen()
    assert action.isChecked()
    action.trigger()
    assert not window.isFullScreen()


@pytest.fixture
def running(window: MainWindow, qtbot: QtBot) -> list[str]:
    """A training that polls until it is told to end, and how it ended."""
    ended: list[str] = []

    def work(report: object, control: Control) -> None:
        try:
            while True:
                control.poll()
        except Exception as end:
            ended.append(type(end).__name__)
            raise

    slides_of(window).training.start(work)
    return ended


def ask(window: MainWindow, qtbot: QtBot) -> ClosingQuestion:
    window.close()
    assert window.isVisible()
    qtbot.waitUntil(lambda: window.findChild(ClosingQuestion) is not None)
    return there(window.findChild(ClosingQuestion))


def test_closing_during_a_run_asks_and_can_be_cancelled(
    window: MainWindow, qtbot: QtBot, running: list[str]
) -> None:
    question = ask(window, qtbot)
    question.cancel_button.click()
    assert window.isVisible()
    assert slides_of(window).training.state is SessionState.RUNNING
    assert running == []


@pytest.mark.parametrize(("button", "end"), [("keep_button", "StopAndKeep"), ("discard_button", "Discarded")])
def test_closing_during_a_run_ends_it_as_answered(
    window: MainWindow, qtbot: QtBot, running: list[str], button: str, end: str
) -> None:
    question = ask(window, qtbot)
    getattr(question, button).click()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert running == [end]
    assert not slides_of(window).training.state.active


def test_the_tool_bar_offers_resume_in_place_of_pause(window: MainWindow, running: list[str]) -> None:
    pause, resume = window.registry["slides.pause"], window.registry["slides.resume"]
    tools = there(window.findChild(QToolBar, "tools")).actions()
    assert {pause, resume} <= set(tools)
    assert (pause.isVisible(), resume.isVisible()) == (True, False)
    pause.trigger()
    assert (pause.isVisible(), resume.isVisible()) == (False, True)
    resume.trigger()
    assert (pause.isVisible(), resume.isVisible()) == (True, False)
    assert slides_of(window).training.state is SessionState.RUNNING


def test_closing_during_a_pause_ends_the_run_too(
    window: MainWindow, qtbot: QtBot, running: list[str]
) -> None:
    window.registry["slides.pause"].trigger()
    ask(window, qtbot).keep_button.click()
    qtbot.waitUntil(lambda: not window.isVisible())
    assert running == ["StopAndKeep"]


def test_a_run_that_ends_while_the_question_stands_lets_the_window_close(
    window: MainWindow, qtbot: QtBot, running: list[str]
) -> None:
    question = ask(window, qtbot)
    slides_of(window).training.discard()
    qtbot.waitUntil(lambda: not slides_of(window).training.state.active)
    question.keep_button.click()
    qtbot.waitUntil(lambda: not window.isVisible())


def until_told(report: object, control: Control) -> None:
    while True:
        control.poll()


def has_ended(session: RunSession) -> bool:
    return not session.state.active


@pytest.mark.parametrize("workspace", ["slides", "stacks", "events"])
def test_closing_asks_for_every_run_in_progress(window: MainWindow, qtbot: QtBot, workspace: str) -> None:
    window.go_to(workspace)
    for session in window.workspace.sessions:
        session.start(until_told)
        question = ask(window, qtbot)
        assert question.text() == "A run is still in progress. What would you like to do?"
        assert window.workspace.entry.label in question.informativeText()
        question.cancel_button.click()
        assert session.state is SessionState.RUNNING
        session.discard()
        qtbot.waitUntil(partial(has_ended, session))
        qtbot.waitUntil(lambda: window.findChild(ClosingQuestion) is None)
    window.workspace.sessions[-1].start(until_told)
    ask(window, qtbot).keep_button.click()
    qtbot.waitUntil(lambda: not window.isVisible())


def test_the_hooks_of_the_interpreter_are_given_back(window: MainWindow) -> None:
    inside = sys.excepthook
    window.close()
    assert sys.excepthook is not inside
