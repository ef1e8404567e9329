"""Free memory: what the system has, or less where a control group limits it."""

from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from wholefield import machine

AVAILABLE = 1000 * 1024


def test_it_lies_between_nothing_and_all_there_is() -> None:
    assert 0 < machine.free_memory() <= psutil.virtual_memory().total


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in place of the control group, and a known amount of memory."""

    def memory() -> SimpleNamespace:
        return SimpleNamespace(available=AVAILABLE)

    monkeypatch.setattr(machine, "GROUP", tmp_path)
    monkeypatch.setattr(psutil, "virtual_memory", memory)
    return tmp_path


def test_without_a_control_group_the_system_decides(group: Path) -> None:
    assert machine.free_memory() == AVAILABLE


@pytest.mark.parametrize(
    ("limit", "free"), [("500000", 400_000), ("max", AVAILABLE), ("50000", 0), ("9999999999", AVAILABLE)]
)
def test_a_control_group_limits_it(group: Path, limit: str, free: int) -> None:
    (group / "memory.max").write_text(f"{limit}\n")
    (group / "memory.current").write_text("100000\n")
    assert machine.free_memory() == free
