"""The import contracts: arrows point one way, no circles, no Qt in the engine, no torch before the window is open."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest
from importlinter.application.use_cases import lint_imports
from importlinter.configuration import configure

ROOT = Path(__file__).resolve().parents[1]
QT = {"PySide6", "shiboken6", "pyqtgraph", "wholefield_app"}


def imported_modules(path: Path, *, top_level_only: bool) -> set[str]:
    """Top-level package names that a file imports, anywhere or only when it is imported itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if top_level_only and node in inside:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize(
    "path", sorted((ROOT / "engine").rglob("*.py")), ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_engine_imports_no_qt(path: Path) -> None:
    assert not imported_modules(path, top_level_only=False) & QT


@pytest.mark.parametrize(
    "path", sorted((ROOT / "app").rglob("*.py")), ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_app_imports_no_torch_at_module_level(path: Path) -> None:
    assert not imported_modules(path, top_level_only=True) & {"torch", "lightning", "torchmetrics"}


def test_importing_every_app_module_leaves_torch_alone() -> None:
    modules = [
        ".".join(path.relative_to(ROOT / "app").with_suffix("").parts)
        for path in sorted((ROOT / "app").rglob("*.py"))
        if path.name not in {"__main__.py"}
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {modules!r}: importlib.import_module(name.removesuffix('.__init__'))\n"
        "print('torch' in sys.modules or 'lightning' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_arrows_of_the_architecture_hold(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    kept = lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)
    assert kept, capsys.readouterr().out


def circle(graph: grimp.ImportGraph) -> list[str]:
    """One circle of modules that import each other, or nothing."""
    modules = {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}
    try:
        TopologicalSorter(modules).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_modules_import_each_other_not_even_inside_functions() -> None:
    packages = ("wholefield", "wholefield_app", "wholefield_resources")
    graph = grimp.build_graph(*packages, exclude_type_checking_imports=True, cache_dir=None)
    assert circle(graph) == []


def test_a_circle_is_found_and_named() -> None:
    graph = grimp.ImportGraph()
    for importer, imported in (("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")):
        graph.add_import(importer=importer, imported=imported)
    assert set(circle(graph)) == {"a", "b", "c"}
    graph.remove_import(importer="c", imported="a")
    assert circle(graph) == []
