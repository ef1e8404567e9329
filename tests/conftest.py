"""What every test shares: an offscreen Qt, few torch threads, the real data, and no thread left behind."""

import gc
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
# Test processes that run side by side share the cores: each gets its part. Read when torch is loaded.
os.environ.setdefault(
    "OMP_NUM_THREADS",
    str(max(1, (os.cpu_count() or 1) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))),
)

import psutil
import pytest
from hypothesis import settings

from wholefield.malloc import give_back_freed_memory

# A continuous integration run draws the same examples every time; elsewhere each run looks at new ones.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("new", deadline=None)
settings.load_profile("steady" if os.environ.get("CI") else "new")

TESTS = Path(__file__).resolve().parent
DATA = TESTS.parents[1] / "shared" / "data"

# Growth of memory during a file of tests after which what was freed is given back.
GROWTH_BYTES = 100 * 2**20

# How long a test waits for what must come before it gives up. Not a limit of speed: a loaded machine may take its time.
PATIENCE_S = 60

# Threads that libraries start once per process and never end.
LIBRARY_THREADS = (
    "wholefield-kernels",
    "wholefield-tiles",
    "zarr_",
    "asyncio_",
    "fsspec",
    "Dask-Offload",
    "ThreadPoolExecutor-zarr",
    "pytest_timeout",
    "pydevd",
    "Dummy-",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that at the end no process works on while the others have nothing to do."""
    items.sort(key=lambda item: item.path.parent not in (TESTS / "e2e", TESTS))


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not look at a million objects of libraries after every test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of real slides, stacks and recordings; a test that needs it skips where it is absent."""
    if not DATA.is_dir():
        pytest.skip("the real slides, stacks and recordings (../shared/data) are not on this machine")
    return DATA


@pytest.fixture(autouse=True, scope="session")
def state_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Windows of tests find no runs that the user has in progress."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True, scope="module")
def freed_memory_is_given_back() -> Iterator[None]:
    """Give back what a file of tests has freed: the test processes share the memory of the machine."""
    process = psutil.Process()
    before = process.memory_info().rss
    yield
    if process.memory_info().rss > before + GROWTH_BYTES:
        gc.collect()
        give_back_freed_memory()


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    """Fail a test after which a thread that it started is still running."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + PATIENCE_S
    left: list[threading.Thread] = []
    while time.monotonic() < deadline:
        left = [
            thread
            for thread in threading.enumerate()
            if thread not in before and not thread.name.startswith(LIBRARY_THREADS)
        ]
        if not left:
            return
        left[0].join(0.05)
    pytest.fail(f"threads still running after the test: {', '.join(thread.name for thread in left)}")
