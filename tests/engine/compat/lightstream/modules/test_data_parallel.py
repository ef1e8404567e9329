"""Two processes through Lightning's data parallel strategies: the gradients of one process with the joint batch."""

import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn
from torch.distributed import destroy_process_group, init_process_group
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from wholefield.compat.lightstream.modules.lightningstreaming import check_wrapper, wait_for_all_parameters
from wholefield.streaming import StreamingError

SCRIPT = Path(__file__).with_name("two_processes.py")
ROOT = Path(__file__).resolve().parents[5]
LIMIT = 600
TRAINED = {"cnn": "ddp", "released": "ddp", "resnet": "ddp_find_unused_parameters_true"}


@pytest.fixture(scope="module")
def script() -> ModuleType:
    specification = importlib.util.spec_from_file_location("two_processes", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where both ranks left their gradients; they have ended, whatever happened."""
    folder = tmp_path_factory.mktemp("gradients")
    shared = os.environ | {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "WORLD_SIZE": "2",
        "NODE_RANK": "0",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(ROOT / "engine"),
    }
    ranks = [
        subprocess.Popen(
            [
                sys.executable,
                str(SCRIPT),
                str(folder),
                *(f"{name}={strategy}" for name, strategy in TRAINED.items()),
            ],
            env=shared | {"LOCAL_RANK": str(rank)},
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        texts = [rank.communicate(timeout=LIMIT)[0] for rank in ranks]
        assert [rank.returncode for rank in ranks] == [0, 0], "\n".join(texts)
    finally:
        for rank in ranks:
            rank.kill()
            rank.wait()
    return folder


@pytest.mark.parametrize("network", TRAINED)
def test_gradients_of_the_joint_batch(
    network: str, script: ModuleType, folder: Path, same: Callable[..., Any]
) -> None:
    first, second = (torch.load(folder / f"{network}.{rank}") for rank in range(2))
    model = script.Recording(network).double()
    samples = script.samples(network)
    assert len(first) == len(second) == 2
    for step in range(2):
        images, labels = zip(*samples[2 * step : 2 * step + 2], strict=True)
        model.zero_grad()
        output = model.head(model.stream_network.stream_module(torch.stack(images)))
        functional.cross_entropy(output, torch.tensor(labels)).backward()
        same(first[step], {name: p.grad for name, p in model.named_parameters()}, 1e-12)
        same(second[step], first[step], 0.0)


@pytest.fixture
def process_group() -> Iterator[None]:
    """A group of this process alone."""
    init_process_group("gloo", init_method=f"tcp://127.0.0.1:{free_port()}", rank=0, world_size=1)
    yield
    destroy_process_group()


def test_the_search_for_unused_parameters_is_turned_off() -> None:
    strategy = SimpleNamespace(_ddp_kwargs={"find_unused_parameters": True, "bucket_cap_mb": 5})
    given = strategy._ddp_kwargs
    wait_for_all_parameters(strategy)
    assert strategy._ddp_kwargs == {"find_unused_parameters": False, "bucket_cap_mb": 5}
    assert given["find_unused_parameters"]
    for other in (SimpleNamespace(), SimpleNamespace(_ddp_kwargs={})):
        before = dict(vars(other))
        wait_for_all_parameters(other)
        assert vars(other) == before


@pytest.mark.usefixtures("process_group")
@pytest.mark.parametrize("option", ["find_unused_parameters", "static_graph"])
def test_a_wrapper_that_would_miss_the_streamed_parameters_is_refused(option: str) -> None:
    network, options = nn.Linear(2, 2), dict[str, Any]({option: True})
    check_wrapper(network)
    check_wrapper(DistributedDataParallel(network))
    with pytest.raises(StreamingError, match=r'use Trainer\(strategy="ddp"\)'):
        check_wrapper(DistributedDataParallel(network, **options))
