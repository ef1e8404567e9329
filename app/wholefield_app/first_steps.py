"""What happens once the window is drawn: the workspace is loaded, then what the command line names is opened."""

from argparse import Namespace

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot

from wholefield_app.window.main_window import MainWindow
from wholefield_app.window.returning import take_up_runs


class FirstSteps(QObject):
    """Waits for the first paint of a window: to load a workspace takes as long as all that came before.

    Signals:
        painted: The window is being drawn for the first time.
    """

    painted = Signal()

    def __init__(self, window: MainWindow, options: Namespace) -> None:
        """Take the window, not yet drawn, and the options of the command line."""
        super().__init__(window)
        self._window = window
        self._options = options
        self.painted.connect(self._begin, Qt.ConnectionType.QueuedConnection)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Look out for the first paint; nothing is kept from the window."""
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            self.painted.emit()
        return False

    @Slot()
    def _begin(self) -> None:
        window, options = self._window, self._options
        window.enter(options.workspace)
        if options.file is not None and options.workspace:
            # As if it had been chosen there: many files of one plane are pictures as well as stacks.
            window.workspace.path_chosen.emit(options.file)
        elif options.file is not None:
            window.open(options.file)
        take_up_runs(window, show=options.file is None and not options.demo)
        if options.demo:
            window.registry[f"{window.workspace.name}.open_demo"].trigger()
