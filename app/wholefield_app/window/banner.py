"""A strip above the image that says what went wrong, without stopping anybody."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from wholefield_app.problems import Problem
from wholefield_app.theme.icons import icon, pixmap
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.properties import with_properties

MARK = 20


class Banner(QFrame):
    """Shows the newest problem until it is closed or replaced.

    Signals:
        open_as: The path of a file that could not be opened: the user wants to say what it is.
    """

    open_as = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("level", "error")
        self._problem = Problem("")
        self._mark = QLabel()
        self.sentence = QLabel(wordWrap=True)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.another_way = QPushButton("Open as…")
        self.another_way.setToolTip("Choose what the file is opened as, and how it is read")
        self.another_way.clicked.connect(self._open_as)
        self.copy = QPushButton("Copy details")
        self.copy.clicked.connect(self._copy_details)
        self.dismiss = with_properties(
            QToolButton(), toolTip="Close this message", accessibleName="Close this message"
        )
        self.dismiss.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setSpacing(8)
        for widget in (self._mark, self.sentence, self.another_way, self.copy, self.dismiss):
            layout.addWidget(widget)
        self.use_theme(theme)
        self.hide()

    def show_problem(self, problem: Problem) -> None:
        """Show `problem` in place of the one before."""
        self._problem = problem
        self.sentence.setText(problem.sentence)
        self.setAccessibleName(problem.sentence)
        self.copy.setVisible(bool(problem.details))
        self.another_way.setVisible(problem.path is not None)
        self.show()

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the marks in the colors of `theme`."""
        self._mark.setPixmap(pixmap("error", theme.danger, MARK))
        self.dismiss.setIcon(icon("close", theme))

    @Slot()
    def _open_as(self) -> None:
        self.hide()
        self.open_as.emit(self._problem.path)

    @Slot()
    def _copy_details(self) -> None:
        QGuiApplication.clipboard().setText(f"{self._problem.sentence}\n\n{self._problem.details}")
