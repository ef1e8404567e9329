"""The documented names of lightstream; `wholefield.streaming` itself needs no Lightning."""

import subprocess
import sys
from pathlib import Path

import pytest

from wholefield.compat import lightstream

ROOT = Path(__file__).resolve().parents[4]
DOCUMENTED = (
    "BaseModule ImageNetClassifier StreamingCNN StreamingConstructor StreamingConvnext StreamingModule StreamingResNet"
).split()


def test_every_documented_name_is_there() -> None:
    assert set(DOCUMENTED) <= set(lightstream.__all__)
    for name in lightstream.__all__:
        assert getattr(lightstream, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute StreamingVGG"):
        _ = lightstream.StreamingVGG


def test_streaming_needs_no_lightning() -> None:
    code = "import sys, wholefield.streaming as s; s.Streamed; print('lightning' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_importing_the_package_costs_nothing() -> None:
    code = "import sys, wholefield, wholefield.streaming; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
