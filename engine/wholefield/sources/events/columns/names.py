"""What columns of events are called in files, and how their names and comments say units."""

from __future__ import annotations

import re
from collections.abc import Sequence

ROLES = "txyp"
IGNORED = "-"
NAMES = {
    "t": "t", "ts": "t", "time": "t", "times": "t", "timestamp": "t", "timestamps": "t", "x": "x", "xs": "x",
    "col": "x", "column": "x", "y": "y", "ys": "y", "row": "y", "p": "p", "ps": "p", "pol": "p", "pols": "p",
    "polarity": "p", "polarities": "p", "on": "p",
}  # fmt: skip
UNITS = {
    "us": "us", "usec": "us", "usecs": "us", "µs": "us", "μs": "us", "microsecond": "us", "microseconds": "us",
    "ms": "ms", "msec": "ms", "millisecond": "ms", "milliseconds": "ms", "s": "s", "sec": "s", "secs": "s",
    "second": "s", "seconds": "s", "ns": "ns", "nsec": "ns", "nanosecond": "ns", "nanoseconds": "ns",
}  # fmt: skip
SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "ns": 1e-9}
UNIT_NAMES = {"us": "microseconds", "ms": "milliseconds", "s": "seconds", "ns": "nanoseconds"}
_AFFIXES = re.compile(r"^(event|events|evt|ev|raw|dvs|cd)[_.]|[_.](px|pixel|coordinate)$")
_BRACKETS = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")


def role_of(name: str) -> str | None:
    """The role ("t", "x", "y" or "p") of a column that is called so, or None.

    Units in brackets or at the end, and words such as `event_` in front, are passed over.
    """
    bare = _BRACKETS.sub("", name).strip().strip("\"'").lower()
    bare = _AFFIXES.sub("", bare)
    if bare in NAMES:
        return NAMES[bare]
    stem, _, unit = bare.rpartition("_")
    return "t" if unit in UNITS and NAMES.get(stem) == "t" else None


def unit_in(name: str) -> str | None:
    """The unit of time that a name or a comment says, such as "us" for `t_us`, `time [us]` or `time (float us)`."""
    text = name.strip().strip("\"'").lower()
    if text in UNITS:
        return UNITS[text]
    inside = [word for pair in _BRACKETS.findall(text) for word in "".join(pair).split()]
    tail = text.rpartition("_")[2]
    return next((UNITS[word] for word in (*inside, tail) if word in UNITS), None)


def order_of(names: Sequence[str]) -> tuple[str, ...] | None:
    """Roles by column, "-" for columns without one, if each of t, x, y and p has exactly one column."""
    roles = tuple(role_of(name) or IGNORED for name in names)
    return roles if sorted(role for role in roles if role != IGNORED) == sorted(ROLES) else None
