"""Where in the user's model a call was made: the layer and the line."""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import torch

_NOT_THE_USERS = tuple(
    f"{folder.as_posix()}/" for folder in (Path(torch.__file__).parent, Path(__file__).parents[1])
)


def is_the_users(filename: str) -> bool:
    """Whether a source file belongs to neither torch nor the streaming engine."""
    return not filename.replace("\\", "/").startswith(_NOT_THE_USERS)


def calling(modules: Mapping[int, str], tracer: object) -> tuple[str, str]:
    """The path of the module whose forward is running and the innermost line of the user's model.

    Args:
        modules: Paths of the network's modules, by id.
        tracer: What traces; the search ends at the frame that holds it as `tracer`.

    Returns:
        Path and "file line number", each empty where there is none.
    """
    layer: str | None = None
    site = ""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_locals.get("tracer") is not tracer:
        if not site and is_the_users(frame.f_code.co_filename):
            site = f"{Path(frame.f_code.co_filename).name} line {frame.f_lineno}"
        if layer is None:
            layer = modules.get(id(frame.f_locals.get("self")))
        frame = frame.f_back
    return layer or "", site
