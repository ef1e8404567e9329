"""Values as JSON and back: the work of a run, what it is given and what comes of it; `runs.lines` does the reports.

Plain values stay as they are. Anything else becomes an object whose key `$` says what it is: a path, a tuple, a member
of an enumeration, a dataclass, an array, which lies in a file of its own, or a `Portable`.
"""

import os
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

KIND = "$"
# Arrays above this are not read but mapped.
LARGE_BYTES = 2**24


@runtime_checkable
class Portable(Protocol):
    """What is handed over as parts of which it can be made again."""

    def to_parts(self) -> tuple[Any, ...]:
        """The parts: values that can be handed over themselves."""

    @classmethod
    def from_parts(cls, *parts: Any) -> Self:
        """Made again; large arrays are memory maps of which changes stay in memory."""


class Arrays:
    """Arrays in files of a folder; each is whole or absent.

    Args:
        folder: Where they lie; made with the first one.
        most: How many are kept: older ones are removed. None keeps all.
    """

    def __init__(self, folder: Path, most: int | None = None) -> None:
        self._folder, self._most = folder, most
        self._saved: list[Path] = []

    def save(self, array: NDArray[Any]) -> str:
        """Write an array; returns the name by which it is found."""
        self._folder.mkdir(exist_ok=True)
        name = f"{uuid4().hex}.npy"
        temporary = self._folder / f".{name}.part"
        try:
            with temporary.open("wb") as file:
                np.save(file, array, allow_pickle=False)
            os.replace(temporary, self._folder / name)
        finally:
            temporary.unlink(missing_ok=True)
        self._saved.append(self._folder / name)
        while self._most is not None and len(self._saved) > self._most:
            self._saved.pop(0).unlink(missing_ok=True)
        return name

    def load(self, name: str) -> NDArray[Any]:
        """An array of that name.

        Raises:
            FileNotFoundError: It has been removed since.
        """
        path = self._folder / Path(name).name
        found: NDArray[Any] = np.load(
            path, mmap_mode="c" if path.stat().st_size > LARGE_BYTES else None, allow_pickle=False
        )
        return found


def encode(value: Any, arrays: Arrays) -> Any:
    """A value as what `json` writes.

    Raises:
        TypeError: It holds something that has no form in JSON.
    """
    match value:
        case Enum():
            return {KIND: "member", "class": name_of(type(value)), "value": value.value}
        case np.generic():
            return value.item()
        case None | bool() | int() | float() | str():
            return value
        case Path():
            return {KIND: "path", "path": str(value)}
        case np.ndarray():
            return {KIND: "array", "file": arrays.save(value)}
        case Portable():
            parts = [encode(each, arrays) for each in value.to_parts()]
            return {KIND: "portable", "class": name_of(type(value)), "parts": parts}
        case tuple():
            return {KIND: "tuple", "items": [encode(each, arrays) for each in value]}
        case list():
            return [encode(each, arrays) for each in value]
        case Mapping() if KIND not in value and all(isinstance(name, str) for name in value):
            return {name: encode(each, arrays) for name, each in value.items()}
        case _ if is_dataclass(value) and not isinstance(value, type):
            values = {item.name: encode(getattr(value, item.name), arrays) for item in fields(value)}
            return {KIND: "object", "class": name_of(type(value)), "fields": values}
    raise TypeError(f"{value!r} cannot be handed to another process")


def decode(value: Any, arrays: Arrays) -> Any:
    """The value that `encode` made this of.

    Raises:
        FileNotFoundError: One of its arrays has been removed since.
        ValueError: It is nothing that `encode` makes.
    """
    if isinstance(value, list):
        return [decode(each, arrays) for each in value]
    if not isinstance(value, dict):
        return value
    match value:
        case {"$": "path", "path": str(path)}:
            return Path(path)
        case {"$": "array", "file": str(name)}:
            return arrays.load(name)
        case {"$": "tuple", "items": list(items)}:
            return tuple(decode(each, arrays) for each in items)
        case {"$": "member", "class": str(name), "value": member} if issubclass(kind := found(name), Enum):
            return kind(member)
        case {"$": "portable", "class": str(name), "parts": list(parts)} if issubclass(
            kind := found(name), Portable
        ):
            return kind.from_parts(*(decode(each, arrays) for each in parts))
        case {"$": "object", "class": str(name), "fields": dict(values)} if is_dataclass(kind := found(name)):
            make: Any = kind
            return make(**{field: decode(each, arrays) for field, each in values.items()})
    if KIND in value:
        raise ValueError(f"{value[KIND]!r} is no kind of value")
    return {name: decode(each, arrays) for name, each in value.items()}


def name_of(thing: Any) -> str:
    """Where a class or function of a module is found, such as `package.module:name`.

    Raises:
        TypeError: It is not found there, as one within a function is not.
    """
    name = f"{thing.__module__}:{thing.__qualname__}"
    if "<" in name or found(name) is not thing:
        raise TypeError(
            f"{name} cannot be handed to another process: it must stand in its module by that name"
        )
    return name


def found(name: str) -> Any:
    """The class or function of this name; its module is imported."""
    module, _, path = name.partition(":")
    thing: Any = import_module(module)
    for part in path.split("."):
        thing = getattr(thing, part)
    return thing
