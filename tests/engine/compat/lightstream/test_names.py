"""The documented names of lightstream; `wholefield.streaming` itself needs no Lightning."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from wholefield.compat import lightstream

ROOT = Path(__file__).resolve().parents[4]
DOCUMENTED = (
    "BaseModule ImageNetClassifier StreamingCNN StreamingConstructor StreamingConvnext StreamingModule StreamingResNet"
).split()
RELEASED = {
    "core.constructor": ["StreamingConstructor"],
    "core.scnn": ["StreamingCNN"],
    "models.convnext": ["StreamingConvNext"],
    "models.convnext.convnext": ["StreamingConvNext", "StreamingConvnext"],
    "models.resnet": ["StreamingResNet"],
    "models.resnet.resnet": ["StreamingResNet", "split_resnet"],
    "modules": ["ImageNetClassifier", "LightningStreamingModule"],
    "modules.imagenet_template": ["ImageNetClassifier"],
    "modules.lightningstreaming": ["LightningStreamingModule"],
    "modules.streaming": ["StreamingModule"],
}
"""Where the released package has its names."""


def test_every_documented_name_is_there() -> None:
    assert set(DOCUMENTED) <= set(lightstream.__all__)
    for name in set(lightstream.__all__) - {"StreamingConvnext"}:
        assert getattr(lightstream, name).__name__ == name
    assert lightstream.StreamingConvnext is lightstream.StreamingConvNext
    with pytest.raises(AttributeError, match="has no attribute StreamingVGG"):
        _ = lightstream.StreamingVGG


@pytest.mark.parametrize("module", RELEASED)
def test_released_names_lie_where_they_do_there(module: str) -> None:
    found = import_module(f"wholefield.compat.lightstream.{module}")
    assert all(hasattr(found, name) for name in RELEASED[module])


def test_streaming_needs_no_lightning() -> None:
    code = "import sys, wholefield.streaming as s; s.Streamed; print('lightning' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_importing_the_package_costs_nothing() -> None:
    code = "import sys, wholefield, wholefield.streaming; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
