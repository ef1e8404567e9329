"""What streaming refuses, in words that name the layer, the reason and the way out."""

import re

from wholefield.errors import SettingError

_NEEDS_VALUES = re.compile(r"meta tensor|meta device|'Meta' backend|data-(in)?dependent", re.IGNORECASE)
_SPOKEN = {
    "__getitem__": "indexing",
    "__setitem__": "assignment to a part",
    "set_part": "assignment to a part",
    "__matmul__": "matrix product",
}


class StreamingError(SettingError):
    """A network, a tile size or an input cannot be streamed."""


class RankError(StreamingError):
    """Another process of the group is gone, or does something else than this one."""


class NotLocalError(StreamingError):
    """A layer needs more of the image than a bounded neighborhood.

    Attributes:
        layer: Path of the layer inside the network, as in `named_modules`; empty for the network itself.
        operation: Name of the function it calls.
        call_site: File and line of the model that calls it, where known.
        reason: Why it cannot be streamed, and what to do.
    """

    def __init__(self, layer: str, operation: str, call_site: str, reason: str) -> None:
        self.layer = layer
        self.operation = operation
        self.call_site = call_site
        self.reason = reason
        super().__init__(f"{called(layer, operation, call_site)} cannot be streamed: {reason}")

    def __reduce__(self) -> tuple[type["NotLocalError"], tuple[str, str, str, str]]:
        """Exceptions are copied between processes by their message alone unless they say otherwise."""
        return type(self), (self.layer, self.operation, self.call_site, self.reason)


def called(layer: str, operation: str, call_site: str) -> str:
    """How a sentence begins that is about a call: the layer, the function and the line of the model."""
    subject = f"The layer '{layer}'" if layer else "The network"
    spoken = _SPOKEN.get(operation, operation)
    return f"{subject} ({spoken}, {call_site})" if call_site else f"{subject} ({spoken})"


def needs_values(error: Exception) -> bool:
    """Whether an error of torch says that a tensor without data was asked for its values."""
    return _NEEDS_VALUES.search(str(error)) is not None
