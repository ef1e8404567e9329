"""A batch on several processes and machines through dask.distributed."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any

from wholefield.errors import SettingError
from wholefield.runs.control import Control, RunState
from wholefield.runs.reports import ReportFunction
from wholefield.tasks.batch.jobs import Job, Outcome
from wholefield.tasks.batch.run import do_job, lost

POLL_SECONDS = 0.5
DEATHS = 3
"""So many processes may die of one file before it counts as failed."""


class Processes:
    """Does jobs on the workers of a cluster.

    Args:
        count: Processes to start on this machine; ignored where there is a scheduler.
        scheduler: Address of a running scheduler, such as `tcp://node1:8786`; its workers must see the same files.

    Raises:
        SettingError: dask is not installed.
    """

    def __init__(self, count: int, scheduler: str | None = None) -> None:
        if find_spec("distributed") is None:
            raise SettingError(
                'Several processes need dask, which is not installed: pip install "wholefield[batch]".'
            )
        self._count, self._scheduler = count, scheduler

    def __call__(
        self, jobs: Sequence[Job], report: ReportFunction, control: Control
    ) -> Iterator[tuple[int, Outcome]]:
        """Do the jobs; a worker that dies is replaced, and its job done again.

        Raises:
            SettingError: The scheduler does not answer.
        """
        from distributed import KilledWorker, wait

        if not jobs:
            return
        with ExitStack() as stack:
            client = stack.enter_context(self._client(stack))
            futures = {
                # The order of submission is that of the sizes.
                client.submit(do_job, job, key=f"wholefield-{index}-{os.getpid()}", pure=False): index
                for index, job in enumerate(jobs)
            }
            while futures and control.state not in (RunState.STOPPING, RunState.DISCARDING):
                try:
                    ready = wait(list(futures), timeout=POLL_SECONDS, return_when="FIRST_COMPLETED").done
                except TimeoutError:
                    continue
                for future in ready:
                    index = futures.pop(future)
                    try:
                        outcome = future.result()
                    except KilledWorker:
                        outcome = lost(jobs[index], DEATHS)
                    if outcome is not None:
                        yield index, outcome
            client.cancel(list(futures), force=True)

    def _client(self, stack: ExitStack) -> Any:
        import dask
        from distributed import Client, LocalCluster

        # One file a process at a time, so that no other one is blamed for a death.
        options = {"allowed-failures": DEATHS - 1, "worker-saturation": 1.0}
        stack.enter_context(
            dask.config.set({f"distributed.scheduler.{name}": value for name, value in options.items()})
        )
        if self._scheduler is not None:
            try:
                return Client(self._scheduler, timeout=30)
            except (OSError, ValueError, TimeoutError) as error:
                raise SettingError(
                    f"The scheduler {self._scheduler} does not answer ({error}); start it by dask scheduler."
                ) from error
        threads = max((os.cpu_count() or 1) // self._count, 1)
        cluster = LocalCluster(
            n_workers=self._count,
            threads_per_worker=1,
            memory_limit=0,  # a slide takes what its tiles need; dask would end a worker that takes more than its share
            dashboard_address="127.0.0.1:0",  # any free port
            # Looking at all frames a hundred times a second makes the import of torch many times slower.
            env={"OMP_NUM_THREADS": str(threads), "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False"},
        )
        return Client(stack.enter_context(cluster))
