"""Streams every architecture of the zoo, compares it with the plain network, and writes docs/networks.md."""

import argparse
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from tests.zoo.torchvision_operators import declare

_OPERATORS = declare()

from tests.zoo.architectures import Architecture, architectures  # noqa: E402  (packages import torchvision)
from wholefield.streaming import Streamed, StreamingError  # noqa: E402

TILES = (32, (23, 48))
TOLERANCE = 1e-9
LEAST = 0.01
_PAGE = Path(__file__).parents[2] / "docs" / "networks.md"
_HEAD = """# Published networks that stream

Written by `make zoo`: each architecture is built from its own package with random weights, small, in double precision,
and streamed at one or two sizes and two tiles. "equal" means that outputs and the gradients of the image and of all
parameters are those of the plain network, within 1e-9 of the largest value of each, or of a hundredth of the largest
of all where that is more; the column says the largest difference found. Where a network does not stream, the sentence
is what the program says.

Layers that shift the image cyclically (shifted windows), pad it cyclically or mirror it are exact, but what comes from
the far side is held until it is reached: they save memory only along axes that fit in one tile.

| package | architecture | streams | largest difference |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Finding:
    """What became of an architecture: the largest relative difference, or why it does not stream."""

    difference: float | None
    reason: str = ""


def tried(architecture: Architecture) -> Finding:
    """Build, stream and compare."""
    torch.manual_seed(0)
    try:
        network = architecture.build().double().eval()
    except Exception as error:
        return Finding(None, f"cannot be built here: {error}")
    largest = 0.0
    for size in architecture.sizes:
        image = torch.rand(1, architecture.channels, *size, dtype=torch.float64)
        try:
            expected = _results(network, image)
        except Exception as error:
            return Finding(None, f"the plain network fails on {size}: {error}")
        for tile in TILES:
            try:
                found = _results(Streamed(network, tile), image)
            except StreamingError as error:
                return Finding(None, str(error))
            difference = _difference(found, expected)
            if not difference <= TOLERANCE:
                return Finding(difference)
            largest = max(largest, difference)
    return Finding(largest)


def _results(network: nn.Module, image: Tensor) -> list[Tensor | None]:
    leaf = image.clone().requires_grad_()
    network.zero_grad(set_to_none=True)
    outputs = [out for out in tree_leaves(network(leaf * 1)) if isinstance(out, Tensor)]
    source = torch.Generator().manual_seed(1)
    total = sum((out * torch.rand(out.shape, generator=source, dtype=out.dtype)).sum() for out in outputs)
    assert isinstance(total, Tensor)
    total.backward()
    return [*(out.detach() for out in outputs), leaf.grad, *(p.grad for p in network.parameters())]


def _difference(found: Sequence[Tensor | None], expected: Sequence[Tensor | None]) -> float:
    """The largest difference, relative to the largest value of each tensor.

    A bias before a normalization of the whole image has a gradient of nothing but rounding, so that no tensor counts as
    smaller than a hundredth of the largest.
    """
    largest = 0.0
    least = LEAST * max(t.abs().max().item() for t in expected if t is not None and t.numel())
    if any(tensor is not None and not tensor.isfinite().all() for tensor in (*found, *expected)):
        return float("inf")
    for one, other in zip(found, expected, strict=True):
        if one is None or other is None:
            # A gradient of zeros and none at all mean the same.
            given = other if one is None else one
            largest = max(largest, 0.0 if given is None else given.abs().max().item() / least)
        elif other.numel():
            largest = max(largest, ((one - other).abs().max() / other.abs().max().clamp(min=least)).item())
    return largest


def row(architecture: Architecture, finding: Finding) -> str:
    """A line of the table."""
    if finding.difference is None:
        reason = " ".join(finding.reason.split()).replace("|", "/")
        streams, number = f"no: {reason}", ""
    else:
        streams = "equal" if finding.difference <= TOLERANCE else "**differs**"
        number = f"{finding.difference:.0e}"
    return f"| {architecture.package} | {architecture.name} | {streams} | {number} |"


def main(names: Iterable[str]) -> int:
    """Try all, or those whose name holds one of some words; the page is written when all were tried."""
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    words = list(names)
    rows, wrong = [], 0
    for architecture in architectures():
        if words and not any(word in (architecture.package, architecture.name) for word in words):
            continue
        finding = tried(architecture)
        wrong += finding.difference is not None and finding.difference > TOLERANCE
        rows.append(row(architecture, finding))
        print(rows[-1], flush=True)
    if not words:
        _PAGE.write_text(_HEAD + "\n".join(rows) + "\n")
    return int(wrong > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="packages or architectures; all if none is named")
    raise SystemExit(main(parser.parse_args().names))
