"""What the processes of bench_ranks do; in a module of its own, which a new process can import."""

from multiprocessing.connection import Connection

import torch
import torch.distributed as dist
from torch._C._distributed_c10d import TCPStore

from tests.bench.bench_streaming import backbone
from wholefield.streaming import Streamed


def rank(pipe: Connection, number: int, port: int, name: str, side: int, tile: int) -> None:
    """One of the processes: streams the image whenever it is told to, alone or with the other."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    store = TCPStore("127.0.0.1", port, is_master=False)
    dist.init_process_group("gloo", store=store, rank=number, world_size=2)
    network, image = backbone(name), torch.randn(1, 3, side, side)
    streamed = {
        1: Streamed(network, tile, workers=1),
        2: Streamed(network, tile, workers=1, process_group=dist.group.WORLD),
    }
    while (order := pipe.recv()) is not None:
        size, training = order
        with torch.set_grad_enabled(training):
            result = streamed[size](image).square().mean()
        if training:
            result.backward()
        pipe.send(None)
