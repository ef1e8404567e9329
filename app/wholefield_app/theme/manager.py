"""Applies a theme to the whole application and notifies widgets that paint themselves."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication

from wholefield_app.theme.theme import Theme, ThemeName, load_theme


class ThemeManager(QObject):
    """The theme in use.

    Signals:
        changed: The new Theme, after palette and style sheet were applied.
    """

    changed = Signal(object)

    def __init__(self, application: QApplication, name: ThemeName, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._application = application
        self.name = name
        self.theme: Theme = load_theme(name)
        application.setStyle("Fusion")
        self._paint()

    def use(self, name: ThemeName) -> None:
        """Switch to the theme `name` at once."""
        if name is self.name:
            return
        self.name = name
        self.theme = load_theme(name)
        self._paint()
        self.changed.emit(self.theme)

    def _paint(self) -> None:
        self._application.setPalette(self.theme.palette())
        self._application.setStyleSheet(self.theme.style_sheet())
