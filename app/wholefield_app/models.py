"""The models that were opened in the window: read off the GUI thread, offered wherever they fit, remembered."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from wholefield_app.background import Background
from wholefield_app.problems import Problem
from wholefield_app.runs.models import TrainedModel
from wholefield_app.settings import Settings

KEY = "models"
MOST_RECENT = 10
# Of the tasks whose networks are used by the workspaces' own predictions.
OWN = "checkpoint of Wholefield"


@dataclass(frozen=True)
class OpenedModel:
    """A model that was opened.

    Attributes:
        path: Its file or folder.
        architecture: Name of its network.
        lines: Name and value of everything that is known of it.
        places: Names of the workspaces whose data it takes.
        own: Whether it is used by the workspace's own prediction, as what a training of the program made is.
        resizes: Whether its output has another size than its input.
    """

    path: Path
    architecture: str
    lines: tuple[tuple[str, str], ...]
    places: tuple[str, ...]
    own: bool
    resizes: bool = False

    @property
    def offered(self) -> TrainedModel:
        """The model as lists offer it."""
        return TrainedModel(self.path, f"{self.architecture}, {self.path.name}")


def read_model(path: Path) -> OpenedModel:
    """Open a model and tell what it is; called in a worker thread.

    Raises:
        WholefieldError: It cannot be opened.
    """
    from wholefield.networks.msd.network import MSDNetwork
    from wholefield.networks.opening import Gives, open_model

    model = open_model(path)
    dense = isinstance(model.network, MSDNetwork)
    if dense or model.card.axes == 3:
        places: tuple[str, ...] = ("stacks",)
    else:
        places = ("slides",) if model.card.gives is Gives.VECTOR else ("slides", "stacks")
    lines = (("file", str(path)), *model.card.lines())
    own = dense or model.card.source.startswith(OWN)
    resizes = any(factor != 1 for factor in model.card.streaming.scale)
    return OpenedModel(path, model.card.architecture, lines, places, own, resizes)


class OpenedModels(QObject):
    """The models of this session, newest last.

    Attributes:
        line: What is being opened, for the status bar.

    Signals:
        opening: There is another line.
        opened: An OpenedModel that the user has just opened.
        problem: A Problem with one that cannot be opened.
        recent_changed: The list of models of earlier sessions has changed.
    """

    opening = Signal(str)
    opened = Signal(object)
    problem = Signal(object)
    recent_changed = Signal()

    def __init__(self, background: Background, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._settings = settings
        self._models: dict[Path, OpenedModel] = {}
        self.line = ""

    @property
    def recent(self) -> tuple[Path, ...]:
        """Models that were opened last and still exist, newest first."""
        names = (self._settings.json(KEY) or {}).get("recent", [])
        return tuple(path for path in map(Path, names) if path.exists())

    def find(self, path: Path | None) -> OpenedModel | None:
        """The opened model of a path; None where it was not opened here."""
        return None if path is None else self._models.get(path)

    def of(self, workspace: str) -> list[OpenedModel]:
        """The models that a workspace can use, by its name."""
        return [model for model in self._models.values() if workspace in model.places]

    def open(self, path: Path) -> None:
        """Open a model in the background."""
        path = path.absolute()
        self._say(f"Opening {path.name}")
        self._background.run(read_model, path, then=self._take, failed=partial(self._refuse, path))

    def _say(self, line: str) -> None:
        self.line = line
        self.opening.emit(line)

    def _take(self, model: OpenedModel) -> None:
        self._say("")
        self._models.pop(model.path, None)
        self._models[model.path] = model
        self._remember([model.path, *(path for path in self.recent if path != model.path)])
        self.opened.emit(model)

    def _refuse(self, path: Path, problem: Problem) -> None:
        self._say("")
        self._remember([known for known in self.recent if known != path])
        self.problem.emit(problem)

    def _remember(self, paths: list[Path]) -> None:
        self._settings.set_json(KEY, {"recent": [str(path) for path in paths[:MOST_RECENT]]})
        self.recent_changed.emit()
