"""Names of a package that are loaded when they are first used."""

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def lazy_names(package: str, file: str) -> tuple[Callable[[str], Any], list[str]]:
    """A `__getattr__` and an `__all__` for a package, from the imports under its own `if TYPE_CHECKING:`.

    So every public name is said once, where type checkers look for it, and costs nothing until it is used.

    Args:
        package: `__name__` of the package.
        file: `__file__` of the package.

    Returns:
        The function to assign to `__getattr__`, and the sorted names for `__all__`.
    """
    homes = _homes(Path(file).read_text(encoding="utf-8"))

    def load(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package} has no attribute {name}")
        home = homes[name]
        value = import_module(f"{package}.{name}") if home == package else getattr(import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    return load, sorted(homes)


def _homes(source: str) -> dict[str, str]:
    """The module of every name that is imported for type checkers only."""
    blocks = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    )
    imports = (line for block in blocks for line in block.body if isinstance(line, ast.ImportFrom))
    return {alias.name: str(line.module) for line in imports for alias in line.names}
