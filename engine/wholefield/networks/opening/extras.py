"""Packages that only some formats of networks need, imported with a sentence where they are missing."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, NoReturn

from wholefield.errors import SettingError

TORCHVISION = "torchvision"
PARTS = (
    "", ".transforms", ".transforms.functional", ".ops", ".ops.misc", ".models", ".models.feature_extraction",
    ".datasets", ".datasets.folder", ".io", ".utils",
)  # fmt: skip


def extra(module: str, name: str, what: str) -> Any:
    """Import a package of an extra.

    Args:
        module: What to import.
        name: The extra that brings it.
        what: What cannot be opened without it, for the error.

    Raises:
        SettingError: It is not installed, or fails; the text says how to install it.
    """
    try:
        with torchvision_or_its_names(), warnings.catch_warnings():
            # They are about the package's own use of others.
            warnings.simplefilter("ignore")
            return import_module(module)
    except ModuleNotFoundError as error:
        raise SettingError(
            f"{what} needs the package {error.name}; install it with pip install 'wholefield[{name}]'."
        ) from error
    except Exception as error:  # whatever a package does wrong while it is imported
        raise SettingError(
            f"{what} needs the package {module}, which fails ({type(error).__name__}: {error}); install it again."
        ) from error


@contextmanager
def torchvision_or_its_names() -> Iterator[None]:
    """Let packages be imported that name torchvision, where that is missing or belongs to another build of torch.

    Its wheel for CUDA fails beside a CPU build of torch, and with it spandrel and timm, whose networks use none of it.
    While they are imported, modules of its names stand in, which give a class for every name; they go afterwards.
    """
    try:
        import_module(TORCHVISION)
    except Exception:  # a missing module, or any error of its compiled part
        modules = {f"{TORCHVISION}{part}": _Names(f"{TORCHVISION}{part}") for part in PARTS}
        before = {
            name: sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == TORCHVISION
        }
        sys.modules.update(modules)
        try:
            yield
        finally:
            for name in modules:
                sys.modules.pop(name, None)
            sys.modules.update(before)
    else:
        yield


class _Name(type):
    """The type of what stands in for a name; each of its attributes is such a name, too."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Name(name, (), {"__init__": _refuse})


class _Names(ModuleType):
    """A module that stands in for one of torchvision."""

    __path__: list[str] = []
    __version__ = "0.0"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Name(name, (), {"__init__": _refuse})


def _refuse(*args: Any, **kwargs: Any) -> NoReturn:
    raise SettingError(
        "This network needs torchvision; install the one that was made for the torch that is installed."
    )
