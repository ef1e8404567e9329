"""The documented names come from wholefield.streaming, which loads Lightning only for them."""

import subprocess
import sys
from pathlib import Path

import pytest
import wholefield.streaming

ROOT = Path(__file__).resolve().parents[4]
DOCUMENTED = (
    "BaseModule ImageNetClassifier StreamingCNN StreamingConstructor StreamingConvnext StreamingModule StreamingResNet"
).split()


def test_every_public_name_is_there() -> None:
    assert set(DOCUMENTED) <= set(wholefield.streaming.__all__)
    for name in wholefield.streaming.__all__:
        assert getattr(wholefield.streaming, name).__name__ == name
    with pytest.raises(AttributeError, match="has no attribute StreamingVGG"):
        _ = wholefield.streaming.StreamingVGG


def test_lightning_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, wholefield.streaming; print('lightning' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
