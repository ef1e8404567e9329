"""The dialog in which a user says how a file is read, with a live preview."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from wholefield.sources.choices import Reading
from wholefield.sources.kinds import Kind
from wholefield_app.background import Background
from wholefield_app.calls import DebouncedCall
from wholefield_app.forms.layout import choice
from wholefield_app.opening.fields import QuestionFields
from wholefield_app.opening.look import Look, look_at
from wholefield_app.opening.preview_view import PreviewView
from wholefield_app.opening.unanswered import Unanswered
from wholefield_app.panels.scrolling import scrolling
from wholefield_app.problems import Problem
from wholefield_app.theme.theme import Theme
from wholefield_app.widgets.heading import muted

DELAY_MS = 200
SIZE = (1000, 600)
FIELDS_WIDTH = 390
SCAN = "Reconstruct and denoise"
KINDS = {Kind.IMAGE: "Slide or picture", Kind.STACK: "Stack", Kind.RECORDING: "Event recording"}
AS_KIND = "What the file is opened as"


class ReadingDialog(QDialog):
    """Asks what a file leaves open and shows what becomes of each answer; it does not block the event loop.

    Signals:
        chosen: The path, the Kind and the Reading with which the file is to be opened.
        scan_chosen: The path of a scan that is to be reconstructed.
    """

    chosen = Signal(object, object, object)
    scan_chosen = Signal(object)

    def __init__(
        self,
        asked: Unanswered,
        background: Background,
        theme: Theme,
        parent: QWidget,
        *,
        any_kind: bool = False,
    ) -> None:
        """Ask about a file.

        Args:
            asked: The file, what it leaves open, and what is answered already.
            background: Where the file is read.
            theme: The colors of the window.
            parent: What the dialog belongs to.
            any_kind: Whether the user also chooses what the file is opened as.
        """
        super().__init__(parent)
        self._path = asked.path
        self._look: Look | None = None
        self.setWindowTitle(f"Open {asked.path.name}")
        self.setModal(True)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.sentence = muted(asked.sentence)
        self.kind = choice(KINDS, AS_KIND, "Open as")
        self.kind.setCurrentIndex(list(KINDS).index(asked.kind))
        self.fields = QuestionFields(self.kind if any_kind else None)
        self.preview = PreviewView(theme)
        self.scan = QPushButton(SCAN)
        self.scan.setVisible(asked.scan)
        self.buttons = self._make_buttons(asked)
        self._lay_out()
        self._call = DebouncedCall(background, look_at, DELAY_MS, self, overtakes=True)
        self._call.answered.connect(self._show)
        self._call.failed.connect(self._refuse)
        self.fields.changed.connect(self._look_again)
        self.kind.currentIndexChanged.connect(self._change_kind)
        self.accepted.connect(self._tell)
        self.finished.connect(self._call.drop)
        self.fields.give(asked.reading)
        self.fields.ask(asked.questions)
        self.resize(*SIZE)
        self._look_again()

    @property
    def busy(self) -> bool:
        """Whether a preview is still to come."""
        return self._call.busy

    @property
    def reading(self) -> Reading:
        """The answers given now."""
        return self.fields.reading

    def _make_buttons(self, asked: Unanswered) -> QDialogButtonBox:
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Open | kinds.Cancel)
        self.open_button = buttons.button(kinds.Open)
        if asked.scan:
            buttons.addButton(self.scan, QDialogButtonBox.ButtonRole.ActionRole)
            self.open_button.setText("Open the volume")
        best = self.scan if asked.scan else self.open_button
        best.setProperty("role", "primary")
        best.setDefault(True)
        self.open_button.setEnabled(False)
        self.scan.clicked.connect(self._take_scan)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        return buttons

    def _lay_out(self) -> None:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(6)
        column.addWidget(self.fields)
        column.addStretch()
        sides = QHBoxLayout()
        sides.setSpacing(16)
        area = scrolling(left)
        area.setFixedWidth(FIELDS_WIDTH)
        sides.addWidget(area)
        sides.addWidget(self.preview, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(12)
        layout.addWidget(self.sentence)
        layout.addLayout(sides, 1)
        layout.addWidget(self.buttons)

    @Slot()
    def _look_again(self) -> None:
        """Nothing is opened that was not seen with the answers given now."""
        self.open_button.setEnabled(False)
        self.preview.wait()
        self._call.ask(self._path, self._kind, self.reading)

    @Slot()
    def _change_kind(self) -> None:
        self.fields.forget()
        self._look_again()

    @property
    def _kind(self) -> Kind:
        # Qt gives members of a text enumeration back as plain texts.
        return Kind(self.kind.currentData())

    @Slot(object)
    def _show(self, look: Look) -> None:
        before = self.reading
        self.fields.ask(look.questions)
        self.preview.show_look(look)
        if self.reading != before:
            # Questions that came up only now have answers to begin with.
            self._look_again()
        else:
            self.open_button.setEnabled(look.readable)

    @Slot(object)
    def _refuse(self, problem: Problem) -> None:
        self.preview.refuse(problem.sentence)

    @Slot()
    def _tell(self) -> None:
        self.chosen.emit(self._path, self._kind, self.reading)

    @Slot()
    def _take_scan(self) -> None:
        self.scan_chosen.emit(self._path)
        self.reject()
