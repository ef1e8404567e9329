"""Runs one benchmark, or lists them: python -m tests.bench [NAME [ARGUMENT ...]]."""

import ast
import runpy
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main(arguments: list[str]) -> None:
    """Run `bench_NAME` with the remaining arguments."""
    names = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
    if not arguments or arguments[0] not in names:
        for name in names:
            text = ast.get_docstring(ast.parse((FOLDER / f"bench_{name}.py").read_text(encoding="utf-8")))
            print(f"{name:14} {(text or '').splitlines()[0]}")
        return
    sys.argv = [arguments[0], *arguments[1:]]
    runpy.run_module(f"tests.bench.bench_{arguments[0]}", run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
