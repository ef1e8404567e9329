"""Free memory, read from what Linux and its control groups say."""

import os
from pathlib import Path

import pytest

from wholefield import machine


def test_it_lies_between_nothing_and_all_there_is() -> None:
    free = machine.free_memory()
    assert free is not None
    assert 0 < free <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def meminfo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "meminfo"
    path.write_text("MemTotal:       2000 kB\nMemAvailable:   1000 kB\n")
    monkeypatch.setattr(machine, "MEMINFO", path)
    monkeypatch.setattr(machine, "GROUP", tmp_path)
    return path


def test_without_a_control_group_the_system_decides(meminfo: Path) -> None:
    assert machine.free_memory() == 1000 * 1024


@pytest.mark.parametrize(("limit", "free"), [("500000", 400_000), ("max", 1000 * 1024), ("50000", 0)])
def test_a_control_group_limits_it(meminfo: Path, tmp_path: Path, limit: str, free: int) -> None:
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    (tmp_path / "memory.current").write_text("100000\n")
    assert machine.free_memory() == free


def test_a_system_that_tells_the_whole_only_gives_half(meminfo: Path) -> None:
    meminfo.unlink()
    assert machine.free_memory() == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
