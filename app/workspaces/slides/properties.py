"""What is known of the open slide: format, size, levels, spacing and what else the file tells."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from engine.sources import ImageSource


class SlideProperties(QDialog):
    """A table of names and values."""

    def __init__(self, source: "ImageSource", parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Properties of {source.name}")
        self.table = QTreeWidget(rootIsDecorated=False, columnCount=2, alternatingRowColors=True)
        self.table.setHeaderLabels(["Property", "Value"])
        self.table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        for name, value in describe_slide(source):
            row = QTreeWidgetItem([name, value])
            row.setToolTip(1, value)
            self.table.addTopLevelItem(row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self.table)
        self.resize(640, 480)


def describe_slide(source: "ImageSource") -> list[tuple[str, str]]:
    """Names and values of all properties, the important ones first."""
    rows = [
        ("File", str(source.path)),
        ("Format", source.format_name),
        ("Size", f"{source.width:,} × {source.height:,} px"),
        ("Channels", f"{source.channels} × {source.dtype}"),
        ("Spacing", _spacing(source)),
    ]
    for index, level in enumerate(source.levels):
        size = f"{level.width:,} × {level.height:,} px, 1 : {level.downsample:.4g}"
        rows.append((f"Level {index}", size))
    return rows + sorted(source.metadata.items())


def _spacing(source: "ImageSource") -> str:
    if source.spacing is None:
        return "not in the file"
    y, x = source.spacing
    return f"{x:.4g} × {y:.4g} µm a pixel"
