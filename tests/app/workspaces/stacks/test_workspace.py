"""The stacks workspace in the real window."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton
from pytestqt.qtbot import QtBot

from tests.app.spaces import stacks_of
from tests.app.workspaces.stacks.conftest import MakeStack
from tests.there import a, there
from wholefield.progress import ProgressCallback
from wholefield.runs.reports import (
    EpochDone,
    Finished,
    Level,
    Message,
    PreviewReady,
    Reason,
    Started,
    StepDone,
)
from wholefield.sources import open_stack as read_stack
from wholefield.tasks.stacks.noise2inverse_settings import DENOISED, RECONSTRUCTION, Noise2InverseSettings
from wholefield.tasks.stacks.settings import StackRegressionSettings, StackSegmentationSettings
from wholefield_app.document import dialogs
from wholefield_app.document.document import Role
from wholefield_app.document.handlers import properties_command, train_command
from wholefield_app.launch import make_window
from wholefield_app.opening.dialog import ReadingDialog
from wholefield_app.panels.properties import Properties
from wholefield_app.viewer.levels import Levels
from wholefield_app.viewer.stacks.plane_view import Compare
from wholefield_app.viewer.stacks.stack_scene import VoxelReadout
from wholefield_app.window.main_window import MainWindow
from wholefield_app.workspaces.stacks.workspace import StacksWorkspace


def test_at_first_the_page_says_what_to_do(window: MainWindow, space: StacksWorkspace) -> None:
    assert window.windowTitle() == "Wholefield"
    assert space.welcome.isVisible()
    texts = {button.text() for button in space.welcome.findChildren(QPushButton)}
    assert texts == {"Open a stack", "Open a folder", "Open the demo stack"}
    assert not window.registry["stacks.export"].isEnabled()


def test_a_stack_is_opened_from_anywhere(
    window: MainWindow, qtbot: QtBot, make_stack: MakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_stack("a.tif")
    window.open(path)
    qtbot.waitUntil(lambda: window.windowTitle() == "a.tif — Wholefield")
    space = window.workspace
    assert isinstance(space, StacksWorkspace)
    assert space.view.isVisible()
    assert window.services.settings.recent_in("stacks") == (path,)
    assert space.draft.value("stack") == path
    qtbot.waitUntil(lambda: window.quiet)
    window.registry["stacks.close"].trigger()
    assert space.welcome.isVisible()
    other = make_stack("b.tif")
    monkeypatch.setattr(dialogs, "ask_for_file", lambda *_: other)
    window.registry["stacks.open"].trigger()
    qtbot.waitUntil(lambda: window.windowTitle() == "b.tif — Wholefield")
    qtbot.waitUntil(lambda: window.quiet)


def test_a_bad_file_is_said_in_a_sentence(
    window: MainWindow, space: StacksWorkspace, qtbot: QtBot, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.nrrd"
    bad.write_bytes(b"NRRD0004\nnothing more")
    window.open(bad)
    qtbot.waitUntil(window.banner.isVisible)
    assert "bad.nrrd" in window.banner.sentence.text()
    assert window.banner.sentence.text().endswith(".")
    assert space.welcome.isVisible()


def test_a_target_of_another_size_is_refused(
    window: MainWindow,
    space: StacksWorkspace,
    qtbot: QtBot,
    make_stack: MakeStack,
    open_stack: Callable[..., None],
) -> None:
    open_stack(make_stack("a.tif"))
    space.document.open(make_stack("small.tif", (3, 40, 48)), Role.TARGET)
    qtbot.waitUntil(window.banner.isVisible)
    assert window.banner.sentence.text() == (
        "small.tif has 3 × 40 × 48 voxels, but a.tif has 4 × 40 × 48; choose a stack of the same size."
    )
    assert Role.TARGET not in space.document.things


def compare_of(space: StacksWorkspace) -> Compare:
    return space.display.compare


def test_a_pair_is_compared_and_trained_on(
    window: MainWindow, space: StacksWorkspace, make_stack: MakeStack, open_stack: Callable[..., None]
) -> None:
    open_stack(make_stack("noisy.tif"))
    assert not window.registry["stacks.compare_swipe"].isEnabled()
    open_stack(make_stack("clean.tif", seed=1), Role.TARGET)
    assert compare_of(space) is Compare.BESIDE
    assert space.view.twin.isVisible()
    assert space.draft.task.settings is StackRegressionSettings
    window.registry["stacks.compare_swipe"].trigger()
    assert space.stacks_panel.compare.currentText() == "With a swipe handle"
    assert window.registry["stacks.compare_swipe"].isChecked()
    config = a(StackRegressionSettings, space.draft.settings())
    assert (config.stack.name, there(config.target).name) == ("noisy.tif", "clean.tif")
    space.stacks_panel.rows[Role.TARGET].close_button.click()
    assert compare_of(space) is Compare.ALONE
    assert space.draft.value("target") is None


def test_labels_lie_over_the_input_and_are_segmented(
    space: StacksWorkspace, make_stack: MakeStack, open_stack: Callable[..., None], qtbot: QtBot
) -> None:
    open_stack(make_stack("a.tif"))
    open_stack(make_stack("labels.tif", labels=True), Role.TARGET)
    assert space.display.compare is Compare.OVER
    assert there(there(space.view.scene).other).channels is None
    assert space.draft.task.settings is StackSegmentationSettings
    assert "3 labels" in space.stacks_panel.rows[Role.TARGET].facts.text()


def test_levels_by_number_button_and_drag(
    space: StacksWorkspace, make_stack: MakeStack, open_stack: Callable[..., None], qtbot: QtBot
) -> None:
    open_stack(make_stack("a.tif"))
    panel = space.channels_panel.levels
    panel.low.setValue(-1.5)
    panel.high.setValue(2.5)
    assert space.display.levels == Levels(-1.5, 2.5)
    assert (panel.level.value(), panel.window_width.value()) == (0.5, 4.0)
    panel.high.setValue(-3)
    assert space.display.levels == Levels(-1.5, 2.5)
    assert panel.high.value() == 2.5
    panel.full.click()
    assert space.display.levels == there(space.document.input).facts.full
    panel.auto.click()
    assert space.display.levels == there(space.document.input).facts.automatic
    before = space.display.levels
    space.view.levels_dragged.emit(40, 0)
    assert space.display.levels.window > before.window
    assert panel.window_width.value() == pytest.approx(space.display.levels.window)
    qtbot.waitUntil(lambda: not space.view.busy)


def test_the_volume_of_a_file_is_chosen(
    window: MainWindow, space: StacksWorkspace, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "several.h5"
    with h5py.File(path, "w") as file:
        file["first"] = np.zeros((3, 20, 20), np.float32)
        file["second"] = np.ones((4, 24, 20), np.uint16)
    space.open(path)
    qtbot.waitUntil(lambda: window.findChild(ReadingDialog) is not None)
    dialog = there(window.findChild(ReadingDialog))
    field = a(QComboBox, dialog.fields.fields["dataset"])
    field.setCurrentIndex(field.findData("second"))
    qtbot.waitUntil(dialog.open_button.isEnabled)
    assert "4 × 24 × 20" in dialog.preview.facts.text()
    dialog.open_button.click()
    qtbot.waitUntil(lambda: space.document.input is not None)
    assert there(space.document.input).source.shape == (4, 24, 20)
    assert "second" in space.draft.value("dataset")
    qtbot.waitUntil(lambda: window.quiet)


def test_a_scan_is_put_into_the_training_form(
    window: MainWindow, space: StacksWorkspace, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "scan.h5"
    with h5py.File(path, "w") as file:
        for name, count in (("data", 5), ("flats", 2), ("darks", 2)):
            file[name] = np.ones((count, 3, 20), np.float32)
        file["angles"] = np.linspace(0, 180, 5)
    space.open(path)
    qtbot.waitUntil(lambda: window.findChild(ReadingDialog) is not None)
    dialog = there(window.findChild(ReadingDialog))
    assert "projections of a scan" in dialog.sentence.text()
    dialog.scan.click()
    assert space.draft.task.settings is Noise2InverseSettings
    assert space.draft.settings() == Noise2InverseSettings(projections=path)
    assert space.document.input is None
    assert window.docks.by_id["stacks.training"].isVisible()


def test_what_noise2inverse_leaves_is_shown(
    window: MainWindow, space: StacksWorkspace, make_stack: MakeStack, qtbot: QtBot, tmp_path: Path
) -> None:
    make_stack(DENOISED, seed=1)
    path = make_stack(RECONSTRUCTION)
    session = space.training
    session.reported.emit([Started("noise2inverse", tmp_path, steps=4, epochs=2)])
    session.reported.emit([Finished(tmp_path, Reason.COMPLETED)])
    session.ended.emit(None)
    qtbot.waitUntil(lambda: Role.PREDICTION in space.document.things and window.quiet)
    assert there(space.document.input).source.path == path
    assert space.document.things[Role.PREDICTION].source.path == tmp_path / DENOISED
    assert space.display.compare is Compare.SWIPE
    session.ended.emit(None)
    qtbot.waitUntil(lambda: window.quiet)


def test_the_voxel_under_the_mouse_is_told(
    space: StacksWorkspace, make_stack: MakeStack, open_stack: Callable[..., None]
) -> None:
    open_stack(make_stack("a.tif"))
    space.view.hovered.emit(VoxelReadout((1, 2, 3), ("0.5",)))
    assert space.readout.cursor.text() == "z 1, y 2, x 3   2.00, 1.00, 1.50 µm   value 0.5"
    space.view.hovered.emit(None)
    assert space.readout.cursor.text() == ""
    assert space.readout.zoom.text().endswith("%")


def test_properties_and_warnings(
    window: MainWindow, space: StacksWorkspace, make_stack: MakeStack, open_stack: Callable[..., None]
) -> None:
    open_stack(make_stack("a.tif"))
    assert not space.notice.isVisible()
    window.registry["stacks.properties"].trigger()
    dialog = there(window.findChild(Properties))
    rows = [there(dialog.table.topLevelItem(row)) for row in range(dialog.table.topLevelItemCount())]
    assert {row.text(0): row.text(1) for row in rows}["Voxel (z × y × x)"] == "2 × 0.5 × 0.5 µm"
    dialog.close()


def test_warnings_of_a_run_stand_above_the_view(
    space: StacksWorkspace, make_stack: MakeStack, open_stack: Callable[..., None]
) -> None:
    open_stack(make_stack("a.tif"))
    session = space.prediction
    session.reported.emit([Message(Level.INFO, "All is well.")])
    assert not space.notice.isVisible()
    session.reported.emit([Message(Level.WARNING, "The voxels differ.")])
    assert space.notice.isVisible()
    assert space.notice.text.text() == "The voxels differ."
    open_stack(make_stack("b.tif"))
    assert not space.notice.isVisible()


def test_what_a_target_shares_with_the_input_is_said_once(
    space: StacksWorkspace, make_stack: MakeStack, open_stack: Callable[..., None]
) -> None:
    open_stack(make_stack("a.tif"))
    open_stack(make_stack("labels.tif", labels=True), Role.TARGET)
    rows = space.stacks_panel.rows
    assert rows[Role.INPUT].facts.text() == "4 × 40 × 48, float32\n2 × 0.5 × 0.5 µm per voxel"
    assert rows[Role.TARGET].facts.text() == "uint8, 3 labels"


@pytest.mark.data
def test_a_tilted_unevenly_spaced_scan_warns(
    space: StacksWorkspace, open_stack: Callable[..., None], data_folder: Path
) -> None:
    open_stack(data_folder / "stacks" / "dicom_head_ge")
    assert space.notice.isVisible()
    assert "tilt" in space.notice.text.text()
    assert there(space.document.input).hounsfield
    assert "Bone" in [
        space.channels_panel.levels.presets.itemText(row)
        for row in range(space.channels_panel.levels.presets.count())
    ]
    space.notice.dismiss.click()
    assert not space.notice.isVisible()


def test_the_training_is_followed(window: MainWindow, space: StacksWorkspace, qtbot: QtBot) -> None:
    image = np.zeros((16, 16), np.float32)
    session = space.training
    session.reported.emit([Started("stack-regression", Path("run"), steps=4, epochs=2)])
    session.reported.emit(
        [PreviewReady(0, 3, {"input": image, "target": image, "prediction": image}, {"psnr": 10.0})]
    )
    session.reported.emit(
        [
            StepDone(2, 4, 1, 2, 0.5, 9.0),
            EpochDone(1, {"validation_loss": 0.4, "validation_psnr": 21.0}, 2),
            PreviewReady(1, 3, {"input": image, "target": image, "prediction": image}, {"psnr": 20.0}),
        ]
    )
    qtbot.waitUntil(lambda: "after epoch 1" in there(space.preview_panel).line.text())
    assert there(space.preview_panel).line.text() == "Slice 3, after epoch 1   PSNR 20 dB (initially 10)"
    assert [name for name, _ in there(there(space.preview_panel).row.pictures).images] == [
        "Input",
        "Target",
        "Prediction",
    ]
    qtbot.waitUntil(lambda: space.curves_panel.plots is not None)
    assert there(space.curves_panel.plots).curves["quality"].getOriginalDataset()[1].tolist() == [21.0]
    session.reported.emit([Finished(Path("run"), Reason.COMPLETED)])
    assert window.status.text() == "Training: epoch 1 of 2"


def test_what_cannot_start_says_what_is_missing(
    window: MainWindow, space: StacksWorkspace, qtbot: QtBot, tmp_path: Path
) -> None:
    window.registry["stacks.start"].trigger()
    qtbot.waitUntil(window.banner.isVisible)
    assert window.banner.sentence.text() == "Still required: input, target."
    space.draft.set(stack=tmp_path)
    assert space.draft.missing == "Still required: target."
    space.draft.use_task(Noise2InverseSettings.task)
    assert space.draft.missing == "Still required: projections."
    qtbot.waitUntil(space.form.fields["projections"].isVisible)
    assert "target" not in space.form.fields


def test_commands_do_the_same(
    window: MainWindow, space: StacksWorkspace, make_stack: MakeStack, open_stack: Callable[..., None]
) -> None:
    assert train_command(space) is None
    path = make_stack("a.tif")
    open_stack(path)
    assert properties_command(space) == f"wholefield info {path}"
    open_stack(make_stack("b.tif"), Role.TARGET)
    command = there(train_command(space))
    assert command.startswith("wholefield train stack-regression")
    assert "a.tif" in command


def test_the_demo_is_made_with_progress_and_opened_as_a_pair(
    window: MainWindow, space: StacksWorkspace, qtbot: QtBot, make_stack: MakeStack, tmp_path: Path
) -> None:
    class Demo:
        projections = tmp_path / "projections.h5"
        noisy, clean = make_stack("noisy.tif"), make_stack("clean.tif", seed=1)

    def make(progress: ProgressCallback) -> Demo:
        progress(3, 9)
        return Demo()

    space.demo.make = make
    window.registry["stacks.open_demo"].trigger()
    assert not window.registry["stacks.open_demo"].isEnabled()
    qtbot.waitUntil(lambda: Role.TARGET in space.document.things)
    assert space.draft.value("projections") == Demo.projections
    assert window.windowTitle().startswith("noisy.tif")
    qtbot.waitUntil(lambda: window.quiet)


def test_themes_change_everything(
    window: MainWindow, space: StacksWorkspace, make_stack: MakeStack, open_stack: Callable[..., None]
) -> None:
    open_stack(make_stack("a.tif"))
    dark = window.grab().toImage()
    window.registry["view.light"].trigger()
    assert window.grab().toImage() != dark


def test_the_target_is_chosen_as_a_file_or_a_folder(
    window: MainWindow,
    space: StacksWorkspace,
    qtbot: QtBot,
    make_stack: MakeStack,
    open_stack: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_stack(make_stack("a.tif"))
    clean = make_stack("clean.tif", seed=1)
    folder = tmp_path / "labels"
    folder.mkdir()
    with read_stack(make_stack("labels.tif", labels=True)) as labels:
        for index in range(labels.shape[0]):
            tifffile.imwrite(folder / f"{index}.tif", labels.plane(0, index))
    monkeypatch.setattr(dialogs, "ask_for_file", lambda *_: clean)
    window.registry["stacks.pair"].trigger()
    qtbot.waitUntil(lambda: Role.TARGET in space.document.things and window.quiet)
    assert space.document.things[Role.TARGET].source.path == clean
    monkeypatch.setattr(dialogs, "ask_for_folder", lambda *_: folder)
    window.registry["stacks.pair_folder"].trigger()
    qtbot.waitUntil(lambda: space.document.things[Role.TARGET].source.path == folder and window.quiet)
    assert space.draft.task.settings is StackSegmentationSettings


def shares(space: StacksWorkspace) -> dict[str, float]:
    """How much of each splitter its first part takes."""
    sizes = {name: splitter.sizes() for name, splitter in space.view.splitters.items()}
    return {name: first / (first + second) for name, (first, second) in sizes.items()}


def test_the_places_of_the_planes_are_remembered(
    window: MainWindow,
    space: StacksWorkspace,
    qtbot: QtBot,
    qapp: QApplication,
    store: QSettings,
    make_stack: MakeStack,
    open_stack: Callable[..., None],
) -> None:
    open_stack(make_stack("a.tif"))
    first = shares(space)
    space.view.splitters["planes"].setSizes([100, 100])
    space.view.splitters["sides"].setSizes([300, 100])
    before = shares(space)
    assert before["planes"] < first["planes"] - 0.1
    assert before["sides"] > first["sides"] + 0.1
    window.close()
    second = make_window(qapp, None, QSettings(store.fileName(), QSettings.Format.IniFormat))
    qtbot.addWidget(second)
    second.resize(window.size())
    second.show()
    second.workspace.open(make_stack("a.tif"))
    qtbot.waitUntil(lambda: stacks_of(second).document.input is not None and second.quiet)
    assert shares(stacks_of(second)) == pytest.approx(before, abs=0.02)
    second.registry["view.reset_layout"].trigger()
    assert shares(stacks_of(second)) == pytest.approx(first, abs=0.02)
    second.close()
