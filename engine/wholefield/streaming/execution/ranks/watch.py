"""Signs of life between the ranks of a group, so that nobody waits for one that is gone."""

import threading
import time

from torch.distributed import DistError
from torch.distributed.distributed_c10d import Store

BEAT = 2.0
"""Seconds between two signs of life."""

SILENCE = 40.0
"""Seconds without one after which a rank counts as gone; kernels that are compiled may hold a process up that long."""


class Watch:
    """Says that this rank is alive, and knows what is wrong with the others.

    A thread of its own talks to the store that all ranks share, for that may block when its host is gone.
    """

    def __init__(self, store: Store, rank: int, size: int) -> None:
        """Begin to watch.

        Args:
            store: What the ranks share; used by this alone.
            rank: This rank.
            size: Number of ranks.
        """
        self._store = store
        self._rank = rank
        self._others = [other for other in range(size) if other != rank]
        self._trouble: str | None = None
        self._round = time.monotonic()
        # (signs so far, when the last was seen); a rank that has not begun yet is waited for.
        self._seen = dict.fromkeys(self._others, (0, self._round))
        threading.Thread(target=self._go, name="wholefield-watch", daemon=True).start()

    def end(self, reason: str) -> None:
        """Tell the others that this rank cannot go on."""
        try:
            self._store.set(f"ended{self._rank}", reason)
        except (DistError, RuntimeError):
            # Then they notice that themselves.
            return

    def trouble(self) -> str | None:
        """Why there is no sense in waiting, as a sentence; None if all is well."""
        now = time.monotonic()
        if self._trouble is not None:
            return self._trouble
        if now - self._round > SILENCE:
            return f"The store of the process group has not answered for {SILENCE:.0f} seconds."
        silent = [rank for rank, (signs, at) in self._seen.items() if signs and now - at > SILENCE]
        if silent:
            return f"Rank {silent[0]} has given no sign of life for {SILENCE:.0f} seconds."
        return None

    def _go(self) -> None:
        pause = threading.Event()
        try:
            while self._trouble is None:
                self._look()
                pause.wait(BEAT)
        except (DistError, RuntimeError) as error:
            self._trouble = (
                f"The store of the process group is gone, with the process that held it ({error})."
            )

    def _look(self) -> None:
        self._store.add(f"alive{self._rank}", 1)
        for rank in self._others:
            if self._store.check([f"ended{rank}"]):
                reason = self._store.get(f"ended{rank}").decode()
                self._trouble = f"Rank {rank} has ended: {reason}"
            signs = self._store.add(f"alive{rank}", 0)
            if signs != self._seen[rank][0]:
                self._seen[rank] = signs, time.monotonic()
        self._round = time.monotonic()
