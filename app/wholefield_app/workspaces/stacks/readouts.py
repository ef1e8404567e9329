"""The read-outs of the status bar: the voxel under the mouse with its place and value, and the zoom."""

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QLabel

from wholefield.sources.stacks.geometry import StackGeometry
from wholefield_app.viewer.stack_scene import VoxelReadout
from wholefield_app.viewer.stack_view import StackView


class Readouts(QObject):
    """Two labels that follow the view."""

    def __init__(self, view: StackView) -> None:
        super().__init__(view)
        self._view = view
        self.voxel = QLabel(minimumWidth=420, alignment=Qt.AlignmentFlag.AlignRight)
        self.zoom = QLabel(minimumWidth=70, alignment=Qt.AlignmentFlag.AlignRight)
        view.hovered.connect(self._show_voxel)
        view.moved.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Read the view again."""
        self.zoom.setText(f"{self._view.main.scale:.0%}" if self._view.scene is not None else "")
        if self._view.scene is None:
            self.voxel.clear()

    @Slot(object)
    def _show_voxel(self, readout: VoxelReadout | None) -> None:
        scene = self._view.scene
        known = readout is not None and scene is not None
        self.voxel.setText(describe_voxel(readout, scene.geometry) if known else "")


def describe_voxel(readout: VoxelReadout, geometry: StackGeometry) -> str:
    """The voxel, its place in the unit of the spacing where that is known, and its values."""
    z, y, x = readout.position
    text = f"z {z}, y {y}, x {x}"
    if geometry.spacing is not None:
        unit = {"um": "µm"}.get(geometry.unit, geometry.unit)
        lengths = (index * size for index, size in zip(readout.position, geometry.spacing, strict=True))
        text += f"   {', '.join(f'{length:.2f}' for length in lengths)} {unit}".rstrip()
    return f"{text}   value {' | '.join(readout.values)}"
