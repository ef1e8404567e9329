"""The view panel and the style agree."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QColorDialog, QWidget

from tests.there import there
from wholefield_app.actions import Action, Menu, Registry
from wholefield_app.panels.event_style_panel import DISPLAYS, FLOWS, NO_FLOW, OWN, EventStylePanel
from wholefield_app.theme.theme import Theme
from wholefield_app.viewer.events.style import SCHEMES, EventsDisplay, FlowMode, FrameStyle, Scheme


@pytest.fixture
def panel(qapp: QApplication, theme: Theme) -> Iterator[EventStylePanel]:
    window = QWidget()
    registry = Registry(window, theme)
    registry.add(
        [Action("events.open_flow", "Open a flow file…", Menu.FILE, window.update, "flow", "Opens.")]
    )
    made = EventStylePanel(registry, window)
    window.show()
    yield made
    window.close()


def test_a_style_is_shown_without_telling_of_it(panel: EventStylePanel) -> None:
    told: list[FrameStyle] = []
    panel.changed.connect(told.append)
    style = FrameStyle(
        scheme=SCHEMES["White"], saturation=9, events_view=EventsDisplay.BESIDE, flow=FlowMode.BOTH, opacity=0.35,
        step=20,
        threshold=12.5, scale=3.0, only_on_events=False, legend=False, time_stamp=False,
    )  # fmt: skip
    panel.show_style(style)
    assert not told
    assert panel.scheme.currentText() == "White"
    assert panel.events_view.currentText() == DISPLAYS[EventsDisplay.BESIDE]
    panel.saturation.setValue(4)
    assert told == [replace(style, saturation=4)]


def test_every_setting_changes_the_style(panel: EventStylePanel) -> None:
    told: list[FrameStyle] = []
    panel.changed.connect(told.append)
    panel.events_view.setCurrentText(DISPLAYS[EventsDisplay.SHARPENED])
    panel.scheme.setCurrentText("Red and blue on white")
    panel.flow.setCurrentText(FLOWS[FlowMode.BOTH])
    panel.step.setValue(32)
    panel.threshold.setValue(7)
    panel.scale.setValue(0.5)
    panel.opacity.setValue(40)
    panel.only_on_events.click()
    panel.legend.click()
    panel.time_stamp.click()
    assert told[-1] == FrameStyle(
        scheme=SCHEMES["Red and blue on white"], events_view=EventsDisplay.SHARPENED, flow=FlowMode.BOTH, step=32,
        threshold=7.0,
        scale=0.5, opacity=0.4, only_on_events=False, legend=False, time_stamp=False,
    )  # fmt: skip
    assert len(told) == 10


def test_own_colors_are_none_of_the_schemes(panel: EventStylePanel) -> None:
    told: list[FrameStyle] = []
    panel.changed.connect(told.append)
    panel.set_color("on", "#ff8800")
    assert told == [FrameStyle(scheme=replace(FrameStyle().scheme, on="#ff8800"))]
    assert panel.scheme.currentText() == OWN
    panel.colors["off"].click()
    dialog = there(panel.findChild(QColorDialog))
    dialog.setCurrentColor(QColor("#0088ff"))
    dialog.accept()
    assert told[-1].scheme == replace(FrameStyle().scheme, on="#ff8800", off="#0088ff")
    panel.show_style(FrameStyle(scheme=Scheme("#000001", "#000002", "#000003")))
    assert panel.scheme.currentText() == OWN


def test_only_settings_that_change_anything_are_there(panel: EventStylePanel) -> None:
    expected = {
        FlowMode.NONE: (False, False), FlowMode.ARROWS: (True, False),
        FlowMode.DENSE: (False, True), FlowMode.BOTH: (True, True),
    }  # fmt: skip
    for mode, visible in expected.items():
        panel.show_style(FrameStyle(flow=mode))
        assert (
            panel.form.isRowVisible(panel.step),
            panel.form.isRowVisible(panel.opacity),
        ) == visible


def test_where_flow_comes_from_is_said(panel: EventStylePanel) -> None:
    assert panel.flow_source.text() == NO_FLOW
    panel.show_flow_source("spin.flo")
    assert panel.flow_source.text() == "From spin.flo"
