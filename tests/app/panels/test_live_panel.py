"""The panel of a live training and the list of layers show the same state of the same layer."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.app.spaces import slides_of
from wholefield_app.window.main_window import MainWindow


def test_the_look_of_the_map_is_that_of_its_layer(
    window: MainWindow, make_slide: Callable[..., Path], qtbot: QtBot
) -> None:
    space = slides_of(window)
    space.open(make_slide("slide.tif", side=64))
    qtbot.waitUntil(lambda: space.document.input is not None)
    layer, panel, layers = space.live.layer, space.live_panel, space.layers_panel
    layer.begin([(255, 0, 0), (0, 0, 255)])
    space.view.change_layer(layer, visible=True, opacity=0.333)
    layers.select(layer)
    row = layers.list.currentItem()
    assert (panel.visible.isChecked(), panel.opacity.value()) == (True, 33)
    assert layer.opacity == pytest.approx(0.333), "showing it does not round it"

    row.setCheckState(Qt.CheckState.Unchecked)
    layers.opacity.setValue(80)
    assert (panel.visible.isChecked(), panel.opacity.value()) == (False, 80)

    panel.visible.setChecked(True)
    panel.opacity.setValue(20)
    assert (row.checkState(), layers.opacity.value()) == (Qt.CheckState.Checked, 20)
    assert (layer.visible, layer.opacity) == (True, 0.2)
