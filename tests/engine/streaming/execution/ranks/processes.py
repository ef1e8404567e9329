"""Processes of one thread each that form a process group and run functions together."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import torch
import torch.distributed as dist
from torch._C._distributed_c10d import TCPStore

from wholefield.errors import WholefieldError


class Processes:
    """Some ranks that wait for work; use it as a context manager."""

    def __init__(self, size: int) -> None:
        self.store = TCPStore("127.0.0.1", 0, is_master=True)
        context = multiprocessing.get_context("spawn")
        pairs = [context.Pipe() for _ in range(size)]
        self.pipes = [here for here, _ in pairs]
        self.processes = [
            context.Process(target=serve, args=(there, rank, size, self.store.port), daemon=True)
            for rank, (_, there) in enumerate(pairs)
        ]
        for process in self.processes:
            process.start()

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *exception: object) -> None:
        for process in self.processes:
            process.kill()
            process.join()

    def start(self, function: Callable[..., Any], *args: Any) -> None:
        """Have all ranks begin with function(rank, *args)."""
        for pipe in self.pipes:
            pipe.send((function, args))

    def answer(self, rank: int) -> Any:
        """What a rank has to say: a result, or what was raised, as text."""
        return self.pipes[rank].recv()

    def run(self, function: Callable[..., Any], *args: Any) -> list[Any]:
        """What function(rank, *args) returns in each rank, or raises, as text."""
        self.start(function, *args)
        return [self.answer(rank) for rank in range(len(self.pipes))]


def serve(pipe: Connection, rank: int, size: int, port: int) -> None:
    torch.set_num_threads(1)
    store = TCPStore("127.0.0.1", port, is_master=False)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=size)
    while True:
        function, args = pipe.recv()
        try:
            pipe.send(function(rank, *args))
        except WholefieldError as error:
            pipe.send(str(error))
