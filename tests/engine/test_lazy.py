"""Names of a package that are loaded when they are first used."""

import sys
from pathlib import Path

import pytest

from wholefield.lazy import lazy_names


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with one lazy name and one lazy module."""
    folder = tmp_path / "lazy_example"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from typing import TYPE_CHECKING\n"
        "from wholefield.lazy import lazy_names\n"
        "if TYPE_CHECKING:\n"
        "    from lazy_example import part\n"
        "    from lazy_example.heavy import Thing as Thing\n"
        "__getattr__, __all__ = lazy_names(__name__, __file__)\n"
    )
    (folder / "heavy.py").write_text("class Thing: pass\n")
    (folder / "part.py").write_text("value = 3\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("lazy_example", "lazy_example.heavy", "lazy_example.part"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return "lazy_example"


def test_a_name_is_loaded_when_it_is_used(package: str) -> None:
    module = __import__(package)
    assert module.__all__ == ["Thing", "part"]
    assert "lazy_example.heavy" not in sys.modules
    assert module.Thing is module.Thing
    assert "lazy_example.heavy" in sys.modules
    assert module.part.value == 3
    with pytest.raises(AttributeError, match="module lazy_example has no attribute other"):
        _ = module.other


def test_only_imports_for_type_checkers_count(tmp_path: Path) -> None:
    file = tmp_path / "plain.py"
    file.write_text("import os\nfrom pathlib import Path\n")
    assert lazy_names("plain", str(file))[1] == []
