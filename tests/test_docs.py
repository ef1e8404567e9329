"""What documents name is there: files, links, and imports of their code."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
IDS = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS]
# Where paths in documents begin; the packages are left out where a page speaks of one only.
ROOTS = (ROOT, ROOT / "engine" / "wholefield", ROOT / "app" / "wholefield_app")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
CODE = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[\w.]+(?:/[\w.]*)+|[\w]+\.(?:py|toml|md|txt)")
BLOCK = re.compile(r"^```python[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Files that readers of a how-to are asked to make.
MADE = re.compile(
    r"tests/engine/.*/test_(vol|tiny|mask|stack_npy|brightness|b)\.py|engine/wholefield/a/b\.py|tests/(engine|app)/a/test_b\.py"
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_links_lead_somewhere(document: Path) -> None:
    targets = LINK.findall(document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_files_that_are_named_exist(document: Path) -> None:
    named = {code for code in CODE.findall(document.read_text(encoding="utf-8")) if PATH.fullmatch(code)}
    missing = {
        path
        for path in named
        if not MADE.fullmatch(path) and not any((root / path).exists() for root in ROOTS)
    }
    assert missing == set()


@pytest.mark.parametrize("document", [ROOT / "README.md"], ids=["README.md"])
def test_code_imports_what_there_is(document: Path) -> None:
    blocks = BLOCK.findall(document.read_text(encoding="utf-8"))
    imports = [
        node
        for block in blocks
        for node in ast.walk(ast.parse(block))
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert imports
    for node in imports:
        exec(compile(ast.Module([node], []), document.name, "exec"), {})
