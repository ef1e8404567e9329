"""The table of layers: words and numbers apart, one layer selected, kept where it can be."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF
from pytestqt.qtbot import QtBot

from wholefield.tasks.slides.inspection import Inspection, inspect_network
from wholefield.tasks.slides.layer_rows import HEADINGS, LayerChoice
from wholefield_app.panels.inspector_table import ABOUT, LayerTable


@pytest.fixture(scope="module")
def inspection() -> Inspection:
    return inspect_network("resnet18", (300, 400), 128)


@pytest.fixture
def table(qtbot: QtBot) -> LayerTable:
    made = LayerTable()
    qtbot.addWidget(made)
    return made


def test_every_cell_is_shown_with_the_width_first(table: LayerTable, inspection: Inspection) -> None:
    table.set_rows(inspection.rows)
    model = table.layers
    assert (model.rowCount(), model.columnCount()) == (len(inspection.rows), len(HEADINGS))
    for number, row in enumerate(inspection.rows):
        shown = [model.index(number, column).data() for column in range(len(HEADINGS))]
        assert shown == [row.name, *row.cells("×")[1:]]
    assert model.index(0, HEADINGS.index("output")).data() == "400 × 300"


def test_a_block_is_named_with_its_operation(inspection: Inspection) -> None:
    names = [row.name for row in inspection.rows]
    assert "layer4.1 add" in names
    assert "layer4.1.conv2" in names


def test_numbers_stand_at_the_right_in_digits_of_one_width(table: LayerTable, inspection: Inspection) -> None:
    table.set_rows(inspection.rows)
    for column, heading in enumerate(HEADINGS):
        index = table.layers.index(1, column)
        number = heading not in ("layer", "operation")
        right = bool(index.data(Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight)
        assert right is number
        if number:
            digits = QFontMetricsF(index.data(Qt.ItemDataRole.FontRole))
            assert len({digits.horizontalAdvance(digit) for digit in "0123456789"}) == 1


def test_every_heading_is_explained(table: LayerTable) -> None:
    told = [
        table.layers.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole)
        for column in range(len(HEADINGS))
    ]
    assert told == [ABOUT[heading] for heading in HEADINGS]


def test_the_selected_layer_stays_where_it_is_listed(
    table: LayerTable, inspection: Inspection, qtbot: QtBot
) -> None:
    table.set_rows(inspection.rows)
    assert table.layer == inspection.output
    conv = next(row for row in inspection.rows if row.layer == "layer2.0.conv1")
    with qtbot.waitSignal(table.layer_changed):
        table.select(conv)
    table.set_rows(inspection.rows_of(LayerChoice.WINDOWS))
    assert table.layer == conv
    again = inspect_network("resnet18", (300, 400), 64)
    table.set_rows(again.rows)
    assert table.layer is not None
    assert (table.layer.layer, table.layer.node) == (conv.layer, conv.node)
    table.set_rows(again.rows_of(LayerChoice.STAGES))
    assert table.layer == again.output


def test_an_empty_table_selects_nothing(table: LayerTable, inspection: Inspection) -> None:
    table.set_rows(())
    assert table.layer is None
