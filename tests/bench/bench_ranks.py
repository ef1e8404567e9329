"""One image over two gloo processes of one thread, against one: python -m tests.bench ranks [NETWORK [SIDE [TILE]]].

Both take turns. The time of two is that of the slower; the share is theirs of that of one, training and inference.
"""

import sys
import time
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection

from torch._C._distributed_c10d import TCPStore

from tests.bench.gloo_rank import rank
from tests.bench.measure import machine

TURNS = 2


def main(arguments: list[str]) -> None:
    """Start two processes and time them together and the first alone, in turns."""
    name, side, tile = (*arguments, *("resnet18", "1536", "256")[len(arguments) :])
    store = TCPStore("127.0.0.1", 0, is_master=True)
    pairs = [Pipe() for _ in range(2)]
    processes = [
        get_context("spawn").Process(target=rank, args=(there, k, store.port, name, int(side), int(tile)))
        for k, (_, there) in enumerate(pairs)
    ]
    for process in processes:
        process.start()
    pipes = [here for here, _ in pairs]
    print(f"{machine()}\n{name} {side}, tile {tile}, one thread a process")
    for training in (True, False):
        alone, both = [], []
        for turn in range(TURNS + 1):
            one, two = timed(pipes[:1], training), timed(pipes, training)
            # The first turn warms up.
            if turn:
                alone.append(one)
                both.append(two)
        one, two = min(alone), min(both)
        what = "training" if training else "inference"
        print(f"{what:9} one {one:6.2f} s, two {two:6.2f} s: {two / one:.3f} of the time")
    for pipe in pipes:
        pipe.send(None)
    for process in processes:
        process.join()


def timed(pipes: list[Connection], training: bool) -> float:
    """Seconds until all of these have streamed the image together."""
    begin = time.perf_counter()
    for pipe in pipes:
        pipe.send((len(pipes), training))
    for pipe in pipes:
        pipe.recv()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main(sys.argv[1:])
