"""Public names have docstrings that say what goes in, comes out and goes wrong, with examples that run."""

import doctest
import enum
import random
import warnings
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.docstrings import Sections, faults, run_examples

# Packages whose public names are all described. Add a package here when its docstrings are complete.
CHECKED: tuple[str, ...] = (
    "wholefield.compat.lightstream",
    "wholefield.compat.metavision_ml.flow",
    "wholefield.compat.msd_pytorch",
    "wholefield.flow",
    "wholefield.flow.losses",
    "wholefield.flow.representations",
    "wholefield.flow.sequences",
    "wholefield.flow.simulator",
    "wholefield.flow.viz",
    "wholefield.flow.warping",
    "wholefield.networks",
    "wholefield.networks.flow",
    "wholefield.networks.msd",
    "wholefield.sources",
    "wholefield.streaming",
    "wholefield.tomography",
)


def public_names() -> list[str]:
    """Every name in the `__all__` of the checked packages."""
    return [f"{package}.{name}" for package in CHECKED for name in sorted(import_module(package).__all__)]


def load(name: str) -> object:
    """The thing behind a dotted name."""
    package, _, last = name.rpartition(".")
    found: object = getattr(import_module(package), last)
    return found


@pytest.mark.parametrize("name", public_names())
def test_a_public_name_is_described(name: str) -> None:
    assert faults(load(name)) == []


@pytest.mark.parametrize("name", public_names())
def test_its_examples_run(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        said = run_examples(name, load(name))
    assert not said, "".join(said)


def complete(count: int, *rest: float, name: str = "x") -> list[str]:
    """Repeat a name.

    Args:
        count: How often; at least 0.
        *rest: Not used.
        name: The name
            to repeat.

    Returns:
        The name, `count` times.

    Raises:
        ValueError: If count is negative.

    Example:
        >>> from tests.test_docstrings import complete
        >>> complete(2)
        ['x', 'x']
    """
    if count < 0:
        raise ValueError("count is negative")
    return [name] * count


def bare(count: int, size: int) -> int:
    """Lacks everything.

    Args:
        count: Only this.
    """
    if size < 0:
        raise ValueError("size is negative")
    return count


def wrong_error(count: int) -> None:
    """Names another error than it raises.

    Args:
        count: Anything.

    Raises:
        TypeError: Never.

    Example:
        >>> wrong_error(0)
    """
    if count:
        raise KeyError(count)


def undocumented() -> None:
    pass


def doubled() -> None:
    """An example of several lines, with dots and spaces.

    >>> import math
    >>> math.pi
    3.14...
    >>> print("a   b")
    a b
    """


def wrong_example() -> None:
    """An example that is wrong.

    >>> 2 + 2
    5
    """


class Example:
    """Runs.

    >>> 2 + 2
    4
    """


class Complete:
    """A class whose constructor describes its arguments.

    Example:
        >>> Complete(3).size
        3
    """

    def __init__(self, size: int) -> None:
        """Make it.

        Args:
            size: Its size.
        """
        self.size = size


class Bare:
    """Lacks arguments, errors and an example."""

    def __init__(self, size: int) -> None:
        if size < 0:
            raise ValueError("size is negative")


@dataclass
class Record:
    """A record.

    Attributes:
        width, height: In pixels.

    Example:
        >>> Record(1, 2).width
        1
    """

    width: int
    height: int


@dataclass
class Generated:
    width: int


class Color(enum.Enum):
    """A color."""

    RED = 1


class OurError(Exception):
    """Something is wrong."""


@pytest.mark.parametrize("thing", [complete, Complete, Record, Color, OurError, 3, int | str, doctest])
def test_nothing_is_missing(thing: object) -> None:
    assert faults(thing) == []


def test_what_is_missing_is_named() -> None:
    assert faults(bare) == ["size is not under Args", "no Returns", "no Raises", "no Example with >>>"]
    assert faults(wrong_error) == ["KeyError is not under Raises"]
    assert faults(undocumented) == ["no docstring"]
    assert faults(Bare) == ["size is not under Args", "no Raises", "no Example with >>>"]
    assert faults(Generated) == ["no docstring"]


def test_examples_of_functions_and_classes_are_run() -> None:
    for thing in (doubled, Example):
        assert run_examples("good", thing) == []
    (said,) = run_examples("bad", wrong_example)
    assert "Expected:" in said
    assert "4" in said


def test_sections() -> None:
    sections = Sections.of(complete.__doc__)
    assert sections.text == "Repeat a name."
    assert sections.entries("Args") == {"count", "rest", "name"}
    assert sections.entries("Raises") == {"ValueError"}
