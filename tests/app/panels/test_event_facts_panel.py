"""The recording panel lists what is known, and says how far the reading is."""

from PySide6.QtWidgets import QApplication, QLabel

from tests.there import a, there
from wholefield_app.panels.event_facts_panel import EventFactsPanel
from wholefield_app.widgets.elided import ElidedLabel


def test_facts_come_and_go(qapp: QApplication) -> None:
    panel = EventFactsPanel()
    panel.show()
    assert panel.hint.isVisible()
    assert panel.rows.rowCount() == 0
    panel.show_facts([("Format", "EVT2"), ("Sensor", "640 × 480 px")])
    assert panel.rows.rowCount() == 2
    value = there(panel.rows.itemAt(1, panel.rows.ItemRole.FieldRole))
    assert a(QLabel, value.widget()).text() == "640 × 480 px"
    assert not panel.hint.isVisible()
    panel.show_progress(0.25)
    assert panel.progress.isVisible()
    assert panel.progress.value() == panel.progress.maximum() // 4
    panel.show_facts([("Format", "EVT3")])
    assert not panel.progress.isVisible()
    assert panel.rows.rowCount() == 1
    panel.close()


def test_a_word_that_is_wider_than_the_panel_is_elided(qapp: QApplication) -> None:
    panel = EventFactsPanel()
    panel.show_facts([("format", "EVT3;height=480;width=640"), ("plugin", "hal_plugin_gen3_fx3")])
    kinds = [there(panel.rows.itemAt(row, panel.rows.ItemRole.FieldRole)).widget() for row in range(2)]
    assert [isinstance(each, ElidedLabel) for each in kinds] == [True, False]
