"""The list of models: complete, buildable, free of torch."""

import subprocess
import sys

import pytest

import wholefield.networks
from wholefield.errors import SettingError
from wholefield.networks.registry import CLASSIFIERS, find_model


def test_names_are_unique_and_found() -> None:
    names = [entry.name for entry in CLASSIFIERS]
    assert len(set(names)) == len(names)
    assert all(find_model(name).name == name for name in names)


def test_unknown_name_lists_the_known() -> None:
    with pytest.raises(SettingError, match="'vgg99'; choose one of small_cnn, resnet18"):
        find_model("vgg99")


def test_listing_imports_no_torch() -> None:
    code = "import wholefield.networks.registry, sys; print('torch' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
    )


def test_public_names_resolve() -> None:
    for name in wholefield.networks.__all__:
        assert callable(getattr(wholefield.networks, name))
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = wholefield.networks.nothing_here
