"""Makes torchvision importable beside a torch without CUDA.

PyPI's build cannot load its kernels there, which no network of the zoo uses, and fails where it describes two of them.
"""

from importlib.util import find_spec

import torch

_SCHEMAS = ("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",)


def declare() -> torch.library.Library | None:
    """Declare the operators whose shapes torchvision describes; the result must live as long as it is used."""
    if torch.version.cuda is not None or find_spec("torchvision") is None:
        return None
    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in _SCHEMAS:
        library.define(schema)
        library.define(f"q{schema}")
    return library
