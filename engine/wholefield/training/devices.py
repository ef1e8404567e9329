"""Where a run computes, and how many threads it takes there."""

import os

import torch

from wholefield.errors import SettingError
from wholefield.training.settings import Device


def resolve(device: Device) -> torch.device:
    """The device to use; `auto` is CUDA where there is one, otherwise the processor.

    Raises:
        SettingError: CUDA is asked for where there is none.
    """
    available = torch.cuda.is_available()
    if device is Device.CUDA and not available:
        raise SettingError(
            "The setting device is cuda, but there is no CUDA device here; choose auto or cpu."
        )
    return torch.device("cuda" if available and device is not Device.CPU else "cpu")


def leave_one_core_free() -> None:
    """Give torch one thread less than there are cores, or fewer where OMP_NUM_THREADS says so.

    With all of them its threads wait for each other, many times slower, as soon as anything else runs.
    """
    most = os.environ.get("OMP_NUM_THREADS", "")
    cores = max((os.cpu_count() or 2) - 1, 1)
    torch.set_num_threads(min(int(most), cores) if most.isdecimal() and int(most) else cores)
