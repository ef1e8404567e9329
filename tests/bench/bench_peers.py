"""Inference against the runtimes that users would pick instead.

python -m tests.bench peers [NETWORK [SIDE]] [OPTION ...]

Options are threads=N (once or several times; 2 and 1 if not given), tile=N (several times), workers=N and repeats=N.
The same weights and image pass a plain network (channels first and channels last), a streamed one, ONNX Runtime and
OpenVINO, all in float32 and in one process, in turns; of each the fastest counts. Needs
`pip install "wholefield[bench]"`.
"""

import gc
import os
import sys
import tempfile

# As the application does: threads that wait leave the cores to others.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")

import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from pathlib import Path

import numpy as np
import onnxruntime
import openvino
import torch
from torch import Tensor, nn

from tests.bench.bench_streaming import backbone
from tests.bench.measure import machine
from wholefield.streaming import Streamed

CASES = (("resnet18", 1536), ("resnet50", 1024), ("convnext_tiny", 1024))
TILES = (512,)
REPEATS = 5

Runner = Callable[[Tensor], Tensor]


def main(arguments: list[str]) -> None:
    """Compare one network, or all."""
    names = [argument for argument in arguments if "=" not in argument]
    options: dict[str, list[int]] = {}
    for key, value in (argument.split("=") for argument in arguments if "=" in argument):
        options.setdefault(key, []).append(int(value))
    cases = ((names[0], int(names[1]) if len(names) > 1 else 1024),) if names else CASES
    for threads in options.get("threads", [2, 1]):
        torch.set_num_threads(threads)
        print(f"{machine()}, ONNX Runtime {onnxruntime.__version__}, OpenVINO {openvino.__version__}")
        for name, side in cases:
            compare(
                name,
                side,
                threads,
                options.get("tile", TILES),
                options["workers"][0] if "workers" in options else None,
                options.get("repeats", [REPEATS])[0],
            )


def compare(
    name: str, side: int, threads: int, tiles: Sequence[int], workers: int | None, repeats: int
) -> None:
    """Print the times of all ways, and of each streamed one the ratios and the largest difference."""
    torch.manual_seed(0)
    network, image = measurable(backbone(name)), torch.randn(1, 3, side, side)
    runners: dict[str, Runner] = {
        "plain": deepcopy(network),
        "channels last": channels_last(network),
        **{f"tile {tile}": Streamed(network, tile, workers=workers) for tile in tiles},
        **peers(network, image, threads),
    }
    with torch.no_grad():
        results = {title: run(image) for title, run in runners.items()}
        times = in_turns(runners, image, repeats)
    print(f"{name} {side}, {threads} threads: " + ", ".join(f"{k} {s:.3f} s" for k, s in times.items()))
    plain = min(times["plain"], times["channels last"])
    size = float(results["plain"].abs().max())
    for title in [f"tile {tile}" for tile in tiles]:
        ratios = ", ".join(f"{times[title] / times[peer]:.2f} of {peer}" for peer in PEERS)
        errors = ", ".join(
            f"{float((results[title] - result).abs().max()) / size:.1e} from {other}"
            for other, result in results.items()
            if other in ("plain", *PEERS)
        )
        print(
            f"  {title}: {times[title] / plain:.2f} of the better plain, {ratios}; differs by {errors}",
            flush=True,
        )


def measurable(network: nn.Module) -> nn.Module:
    """A fresh network in which every layer counts: ConvNeXt begins with branches that are multiplied by 1e-6."""
    for parameter in network.parameters():
        parameter.requires_grad_(False)
        if parameter.ndim == 3:
            parameter.fill_(0.5)
    return network


def in_turns(runners: dict[str, Runner], image: Tensor, repeats: int) -> dict[str, float]:
    """The least of each one's seconds."""
    seconds: dict[str, list[float]] = {title: [] for title in runners}
    for _ in range(repeats):
        for title, run in runners.items():
            gc.collect()
            start = time.perf_counter()
            run(image)
            seconds[title].append(time.perf_counter() - start)
    return {title: min(found) for title, found in seconds.items()}


def channels_last(network: nn.Module) -> Runner:
    """The plain network with its channels last."""
    arranged = deepcopy(network)
    for parameter in arranged.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.contiguous(memory_format=torch.channels_last)
    return lambda image: arranged(image.contiguous(memory_format=torch.channels_last))


def peers(network: nn.Module, image: Tensor, threads: int) -> dict[str, Runner]:
    """The network in each of the other runtimes, for images of this size."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.onnx"
        torch.onnx.export(network, (image,), path, dynamo=True, verbose=False, external_data=False)
        return {title: make(path, threads) for title, make in PEERS.items()}


def by_onnx_runtime(path: Path, threads: int) -> Runner:
    """ONNX Runtime with all its optimizations."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda image: torch.from_numpy(np.asarray(session.run(None, {name: image.numpy()})[0]))


def by_openvino(path: Path, threads: int) -> Runner:
    """OpenVINO, as fast as one image passes in float32."""
    settings = {
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
    }
    compiled = openvino.Core().compile_model(path, "CPU", settings)
    return lambda image: torch.from_numpy(compiled(image.numpy())[0].copy())


PEERS = {"ONNX Runtime": by_onnx_runtime, "OpenVINO": by_openvino}


if __name__ == "__main__":
    main(sys.argv[1:])
