"""A window with what is known of an open file, as a table of names and values."""

from collections.abc import Iterable

from PySide6.QtWidgets import QDialog, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from wholefield_app.widgets.properties import with_properties


class Properties(QDialog):
    """A table of names and values."""

    def __init__(self, name: str, rows: Iterable[tuple[str, str]], parent: QWidget) -> None:
        """Show `rows` of the file called `name`."""
        super().__init__(parent)
        self.setWindowTitle(f"Properties of {name}")
        self.table = with_properties(
            QTreeWidget(columnCount=2), rootIsDecorated=False, alternatingRowColors=True
        )
        self.table.setHeaderLabels(["Property", "Value"])
        self.table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        for title, value in rows:
            row = QTreeWidgetItem([title, value])
            row.setToolTip(1, value)
            self.table.addTopLevelItem(row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.table)
        self.resize(640, 480)
