"""HDF5 is loaded in one place, and may be loaded by several threads at once while another one reads."""

import re
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np

import wholefield
from wholefield.sources.hdf5_library import FILTERS

FIRST_IMPORT = """
import sys
from threading import Barrier, Thread
import h5py

def read():
    begin.wait()
    while loading:
        with h5py.File(sys.argv[1]) as file:
            sums.add(int(file["data"][()].sum()))

def load():
    begin.wait()
    from wholefield.sources.hdf5_library import FILTERS
    known.append([name for name, number in FILTERS.items() if h5py.h5z.filter_avail(number)])

loading, sums, known = [True], set(), []
begin = Barrier(5)
readers, loaders = [Thread(target=read) for _ in range(2)], [Thread(target=load) for _ in range(3)]
for thread in (*readers, *loaders):
    thread.start()
for thread in loaders:
    thread.join()
loading.clear()
for thread in readers:
    thread.join()
print(*sums)
print(*map(len, known))
"""


def test_threads_load_it_at_once_while_others_read(tmp_path: Path) -> None:
    path = tmp_path / "data.h5"
    values = np.random.default_rng(0).integers(0, 99, (8, 64, 64))
    with h5py.File(path, "w") as file:
        file.create_dataset("data", data=values, chunks=(1, 64, 64), compression="gzip")
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", FIRST_IMPORT, str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    sums, filters = done.stdout.splitlines()
    assert sums == str(values.sum())
    assert filters.split() == [str(len(FILTERS))] * 3


def test_nothing_else_imports_the_filters() -> None:
    imports = re.compile(r"^\s*(import|from) hdf5plugin", re.MULTILINE)
    folder = Path(wholefield.__file__).parent
    found = [path.name for path in folder.rglob("*.py") if imports.search(path.read_text("utf-8"))]
    assert found == ["hdf5_library.py"]
