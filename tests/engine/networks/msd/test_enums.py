"""Settings and forms can offer the choices, and the packages can be imported, without torch."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "module",
    [
        *("wholefield.networks.msd", "wholefield.networks.msd.enums", "wholefield.networks.msd.spec"),
        *("wholefield.tomography", "wholefield.tomography.enums", "wholefield.compat.msd_pytorch"),
    ],
)
def test_importing_it_leaves_torch_alone(module: str) -> None:
    code = f"import sys, {module}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
