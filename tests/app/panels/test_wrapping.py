"""A row wraps where it is narrow and is one row where it is wide."""

import pytest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from wholefield_app.panels.wrapping import WrappingRow


@pytest.mark.parametrize(("columns", "rows"), [(3, 1), (2, 2), (1, 3)])
def test_as_many_beside_each_other_as_there_is_room_for(qtbot: QtBot, columns: int, rows: int) -> None:
    buttons = [QPushButton(f"{number} with a text") for number in range(3)]
    holder = QWidget()
    qtbot.addWidget(holder)
    row = WrappingRow(buttons)
    holder.setLayout(row)
    widest = max(button.minimumSizeHint().width() for button in buttons)
    width = columns * widest + 8 * (columns - 1) + 4
    holder.resize(width, row.heightForWidth(width))
    holder.show()
    tops = sorted({button.y() for button in buttons})
    assert len(tops) == rows
    assert len({button.width() for button in buttons}) == 1
    assert all(holder.rect().contains(button.geometry()) for button in buttons)
    assert row.minimumSize().width() == widest
    buttons[0].hide()
    assert row.heightForWidth(10_000) == buttons[1].sizeHint().height()
