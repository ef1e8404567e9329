"""What is laid over the slide: the tile grid, the tiles that a run visits, and the map or classes of a prediction."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from wholefield.runs.reports import Report, TileDone
from wholefield.sources.rect import Rect
from wholefield.tasks.slides.results.class_map import SegmentedSlide
from wholefield.tasks.slides.results.maps import SlideMaps
from wholefield_app.viewer.slides.classes import ClassPicture
from wholefield_app.viewer.slides.view import SlideView
from wholefield_app.workspaces.slides.document import SlideDocument

if TYPE_CHECKING:
    from wholefield_app.workspaces.slides.prediction import Answer

# How long the tiles of the open slide stay lit after a run has gone on to another slide.
LINGER_MS = 1500


class Overlays(QObject):
    """Puts the overlays on whatever slide is open.

    How each looks is up to its layer in the view.
    """

    def __init__(self, document: SlideDocument, view: SlideView, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._view = view
        self._tiling = (512, 0)
        self._result: Answer | None = None
        self._shown_class = 0
        self._linger = QTimer(self)
        self._linger.setSingleShot(True)
        self._linger.setInterval(LINGER_MS)
        self._linger.timeout.connect(view.clear_sweep)
        self._lit = False
        document.changed.connect(self._draw_grid)

    def set_tiling(self, tile_size: int, level: int) -> None:
        """Use tiles of this size in px of this level; there is no grid for a size of 0."""
        self._tiling = (tile_size, level)
        self._draw_grid()

    @property
    def grid_shown(self) -> bool:
        """Whether the tile grid is drawn."""
        return self._view.grid_layer.visible

    @property
    def map_shown(self) -> bool:
        """Whether the map or the classes of a prediction are drawn."""
        return any(layer.visible for layer in self._view.result_layers)

    def show_grid(self, shown: bool) -> None:
        """Show or hide the tile grid."""
        self._view.change_layer(self._view.grid_layer, visible=shown)

    def show_map(self, shown: bool) -> None:
        """Show or hide the map."""
        self._view.set_map_visible(shown)

    def set_result(self, result: "Answer | None", shown_class: int) -> None:
        """Show the map of one class of a prediction, or the classes of a segmentation, or nothing."""
        self._result = result
        self._shown_class = shown_class
        self._draw_map()

    @Slot(list)
    def follow(self, reports: list[Report]) -> None:
        """Light up the tiles of the open slide that a run visits, and let them go out when it goes elsewhere."""
        source = self._document.input
        for report in reports:
            if not isinstance(report, TileDone) or source is None:
                continue
            if report.slide == source.path:
                self._light(report)
            elif self._lit:
                self._lit = False
                self._linger.start()

    @Slot()
    def clear_sweep(self) -> None:
        """Forget which tiles were visited."""
        self._lit = False
        self._linger.stop()
        self._view.clear_sweep()

    def _light(self, report: TileDone) -> None:
        self._lit = True
        self._linger.stop()
        (top, bottom), (left, right) = report.box
        self._view.show_sweep(report.sweep, (left, top, right - left, bottom - top))

    @Slot()
    def _draw_grid(self) -> None:
        source = self._document.input
        if source is not None:
            tile_size, level = self._tiling
            level = min(level, len(source.levels) - 1)
            self._view.set_tile_grid(tile_size or None, level)

    def _draw_map(self) -> None:
        view, result, index = self._view, self._result, self._shown_class
        view.set_map(None)
        view.set_classes(None)
        if isinstance(result, SegmentedSlide):
            picture = ClassPicture(
                result.map.levels, Rect(0, 0, *result.size), result.classes, index, result.colors
            )
            view.set_classes(picture)
        elif result is not None:
            evidence = f"Evidence for {result.classes[index]}"
            title = result.title(index) if isinstance(result, SlideMaps) else evidence
            view.set_map(result.maps[index], result.box, title=title)
