"""A strip with warnings about what is shown; it stays until it is closed."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from wholefield_app.theme.icons import icon, pixmap
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.properties import with_properties

MARK = 20


class Notice(QFrame):
    """Shows sentences, or nothing."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.setProperty("level", "warning")
        self.sentences: tuple[str, ...] = ()
        self._mark = QLabel()
        self.text = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.more = with_properties(QToolButton(), objectName="more")
        self.more.clicked.connect(self._show_all)
        self.dismiss = with_properties(
            QToolButton(), toolTip="Close this warning", accessibleName="Close this warning"
        )
        self.dismiss.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setSpacing(8)
        for widget in (self._mark, self.text, self.more, self.dismiss):
            layout.addWidget(widget)
        self.use_theme(theme)
        self.hide()

    def show_sentences(self, sentences: Sequence[str]) -> None:
        """Show the first of these and count the others, in place of those before; none hides the strip."""
        self.sentences = tuple(sentences)
        self._show(self.sentences[:1])
        self.setAccessibleName("\n".join(self.sentences))
        self.setVisible(bool(sentences))

    @Slot()
    def _show_all(self) -> None:
        self._show(self.sentences)

    def _show(self, sentences: Sequence[str]) -> None:
        left = len(self.sentences) - len(sentences)
        self.text.setText("\n".join(sentences))
        self.more.setText(f"{left} more")
        self.more.setToolTip("\n".join(self.sentences[len(sentences) :]))
        self.more.setVisible(left > 0)

    @Slot(object)
    def use_theme(self, theme: Theme) -> None:
        """Draw the marks in the colors of `theme`."""
        self._mark.setPixmap(pixmap("error", theme.warning, MARK))
        self.dismiss.setIcon(icon("close", theme))
