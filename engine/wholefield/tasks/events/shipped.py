"""The ways to flow that ship: contrast maximization, and networks trained for any recording. Imports no torch."""

from importlib.resources import files
from pathlib import Path

from wholefield.errors import SettingError

SHIPPED = "shipped:"
"""What a command line writes before the name of one that ships, in place of the path of a checkpoint."""
CONTRAST = "contrast"
TITLES = {CONTRAST: "Contrast maximization, no network", "fast": "Network to fine-tune, fast"}
"""Their names, and what a list calls them."""


def shipped_model(name: str) -> Path:
    """The checkpoint of a network that ships, or the file that stands for the method without one.

    Args:
        name: A key of `TITLES`.

    Returns:
        The file.

    Raises:
        SettingError: There is none of that name.

    Example:
        >>> from wholefield.tasks.events.shipped import shipped_model
        >>> shipped_model("fast").name
        'fast.ckpt'
    """
    if name not in TITLES:
        raise SettingError(
            f"No flow called {name} ships; choose {', '.join(SHIPPED + each for each in TITLES)}."
        )
    # The window's resources are a package of the same wheel; the engine must not import it, only find its files.
    suffix = ".json" if name == CONTRAST else ".ckpt"
    return Path(str(files("wholefield_resources"))) / "weights" / f"{name}{suffix}"


def resolve(path: Path) -> Path:
    """The file that a path such as shipped:fast stands for; any other path is returned as it is.

    Raises:
        SettingError: Nothing of that name ships.
    """
    text = str(path)
    return shipped_model(text.removeprefix(SHIPPED)) if text.startswith(SHIPPED) else path


def is_shipped(path: Path) -> bool:
    """Whether a file is one of those that ship."""
    return path in map(shipped_model, TITLES)
