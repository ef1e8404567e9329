"""Reports as JSON lines and back, for programs that read what a run tells from another process."""

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import numpy as np

from wholefield.runs.reports import Report

KIND = "report"
CLASSES: Mapping[str, type[Any]] = {each.__name__: each for each in get_args(Report)}


def line_of(report: Report, *, pictures: bool = True) -> str:
    """A report as one line of JSON, without the line end.

    The name of its class is under `report`, its fields under their names. Numbers that JSON has not are texts: `nan`,
    `inf`, `-inf`. An array is its `dtype` as numpy writes it, its `shape`, and as `data` its bytes in row-major order
    in base64.

    Args:
        report: Any report.
        pictures: Keep the pictures of a preview; without them its line is short.

    Example:
        >>> from wholefield.runs.reports import Message, Level
        >>> line_of(Message(Level.INFO, "Ready."))
        '{"report": "Message", "level": "info", "text": "Ready."}'
    """
    values = {item.name: _plain(getattr(report, item.name)) for item in fields(report)}
    if not pictures and "pictures" in values:
        values["pictures"] = {}
    return json.dumps({KIND: type(report).__name__, **values}, allow_nan=False)


def report_of(line: str) -> Report:
    """The report in a line that `line_of` wrote.

    Raises:
        ValueError: The line is something else.

    Example:
        >>> report_of('{"report": "Message", "level": "info", "text": "Ready."}')
        Message(level=<Level.INFO: 'info'>, text='Ready.')
    """
    try:
        values = json.loads(line)
        report: Report = _object(CLASSES[values.pop(KIND)], values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"not the line of a report: {line[:80]!r} ({error})") from error
    return report


def _object(kind: Any, values: Mapping[str, Any]) -> Any:
    """A dataclass from the values of its fields in JSON."""
    hints = get_type_hints(kind)
    return kind(**{name: _typed(hints[name], value) for name, value in values.items()})


def _plain(value: Any) -> Any:
    match value:
        case Enum():
            return value.value
        case Path():
            return str(value)
        case Mapping():
            return {name: _plain(each) for name, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case np.ndarray():
            data = base64.b64encode(value.tobytes()).decode()
            return {"dtype": value.dtype.str, "shape": list(value.shape), "data": data}
        case np.generic():
            return _plain(value.item())
        case _ if is_dataclass(value):
            return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
        case float() if not math.isfinite(value):
            return str(value)
    return value


def _typed(hint: Any, value: Any) -> Any:
    """A value of JSON as what a field is declared to be."""
    kind, parts = get_origin(hint) or hint, get_args(hint)
    if kind is UnionType:
        return None if value is None else _typed(next(each for each in parts if each is not NoneType), value)
    if kind is tuple:
        each = parts[:1] * len(value) if parts[1:] == (...,) else parts
        return tuple(_typed(*pair) for pair in zip(each, value, strict=True))
    if is_dataclass(kind):
        return _object(kind, value)
    if issubclass(kind, Mapping):
        return {name: _typed(parts[1], each) for name, each in value.items()}
    if issubclass(kind, np.ndarray):
        data = np.frombuffer(bytearray(base64.b64decode(value["data"])), value["dtype"])
        return data.reshape(value["shape"])
    if kind in (int, str, bool) and type(value) is not kind:
        raise TypeError(f"{value!r} is not {kind.__name__}")
    return kind(value)
