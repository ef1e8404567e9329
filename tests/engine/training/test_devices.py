"""Choosing the device."""

import pytest
import torch

from wholefield.errors import SettingError
from wholefield.training.devices import leave_one_core_free, resolve
from wholefield.training.settings import Device


def test_cuda_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [resolve(device).type for device in Device] == ["cuda", "cpu", "cuda"]


def test_processor_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert resolve(Device.AUTO).type == resolve(Device.CPU).type == "cpu"
    with pytest.raises(SettingError, match="device is cuda, but there is no CUDA device"):
        resolve(Device.CUDA)


@pytest.mark.parametrize(("cores", "threads"), [(8, 7), (2, 1), (1, 1), (None, 1)])
def test_one_core_stays_free(monkeypatch: pytest.MonkeyPatch, cores: int | None, threads: int) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    try:
        leave_one_core_free()
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
