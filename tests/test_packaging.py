"""What is installed: the wheel works beside packages that are called app and engine, and names what it needs."""

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

ROOT = Path(__file__).resolve().parents[1]
OURS = {"wholefield", "wholefield_app", "wholefield_resources"}
# Import names that differ from the names of their distributions.
DISTRIBUTIONS = {
    "PySide6": "pyside6-essentials", "shiboken6": "pyside6-essentials", "cv2": "opencv-python-headless",
    "openslide": "openslide-python", "nrrd": "pynrrd", "annotated_types": "annotated-types", "PIL": "pillow",
    "skimage": "scikit-image", "google_crc32c": "google-crc32c",
}  # fmt: skip
WITHOUT_WINDOW = """
import sys
for name in ("PySide6", "pyqtgraph", "shiboken6"):
    sys.modules[name] = None
from wholefield_app.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the built wheel, the installed dependencies, and an `app` and an `engine` of its own."""
    folder = tmp_path_factory.mktemp("installed")
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in ("engine", "app", "resources"):
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    offline = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    pip("wheel", *offline, "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    (wheel,) = folder.glob("*.whl")
    shutil.rmtree(source)

    venv = folder / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    scripts = venv / ("Scripts" if sys.platform == "win32" else "bin")
    made = scripts / ("python.exe" if sys.platform == "win32" else "python")
    pip("--python", str(made), "install", *offline, str(wheel))
    asked = [str(made), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    # A plain path, not a site folder: editable installs in it stay unseen.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    for name in ("app", "engine"):
        (site / name).mkdir()
        (site / name / "__init__.py").write_text("OWNER = 'somebody else'\n", encoding="utf-8")
    return made


def pip(*words: str) -> None:
    """Run pip, and show what it says where it fails."""
    done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def run(python: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the environment's Python away from the checkout, with nothing of it on the path."""
    command = [str(python), "-P", *words]
    return subprocess.run(
        command, cwd=python.parent, env=environment(), capture_output=True, text=True, check=False
    )


def environment() -> dict[str, str]:
    """The variables of this process without those that lead Python into the checkout."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}


def test_the_wheel_has_the_packages_their_data_and_nothing_else(python: Path) -> None:
    (wheel,) = python.parents[2].glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == OURS
    for package, root in (
        ("wholefield", "engine"),
        ("wholefield_app", "app"),
        ("wholefield_resources", "resources"),
    ):
        tracked = {
            path.relative_to(ROOT / root).as_posix()
            for path in (ROOT / root / package).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert tracked == {name for name in names if name.startswith(f"{package}/")}


def test_the_wheel_works_beside_other_packages_called_app_and_engine(python: Path, tmp_path: Path) -> None:
    assert run(python, "-c", "import app, engine; print(app.OWNER, engine.OWNER)").stdout == (
        "somebody else somebody else\n"
    )
    where = run(python, "-c", "import wholefield; print(wholefield.__file__)").stdout
    assert Path(where.strip()).is_relative_to(python.parents[1])
    shown = run(python, "-m", "wholefield_app", "--help")
    assert shown.returncode == 0, shown.stderr
    assert "--screenshot" in shown.stdout

    picture = tmp_path / "picture.tif"
    tifffile.imwrite(picture, np.zeros((96, 128, 3), np.uint8), photometric="rgb")
    (command,) = python.parent.glob("wholefield*")
    info = subprocess.run(
        [command, "info", str(picture)], env=environment(), capture_output=True, text=True, check=False
    )
    assert info.returncode == 0, info.stderr
    assert "128" in info.stdout


def test_without_the_extra_commands_run_and_the_window_says_what_to_install(
    python: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "picture.tif"
    tifffile.imwrite(picture, np.zeros((96, 128, 3), np.uint8), photometric="rgb")
    info = run(python, "-c", WITHOUT_WINDOW, "info", str(picture))
    assert info.returncode == 0, info.stderr
    assert "128" in info.stdout
    assert "train" in run(python, "-c", WITHOUT_WINDOW, "--help").stdout
    for words in ([], [str(picture)], ["--demo"], ["video", "--help"]):
        refused = run(python, "-c", WITHOUT_WINDOW, *words)
        assert refused.returncode == 2
        assert 'pip install "wholefield[app]"' in refused.stderr
        assert "Traceback" not in refused.stderr


def test_importing_the_package_loads_nothing_else() -> None:
    code = (
        "import sys; before = set(sys.modules); import wholefield\n"
        "print(sorted(set(sys.modules) - before - {'wholefield'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def imported(folder: Path) -> Iterator[str]:
    """The distributions that the modules of a folder import, the standard library and ours left out."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in (name.split(".")[0] for name in names):
                if name not in OURS and name not in sys.stdlib_module_names:
                    yield DISTRIBUTIONS.get(name, name)


def declared(requirements: list[str]) -> set[str]:
    """The names of distributions in a list of requirements."""
    return {re.split(r"[\[<>=!~; ]", requirement)[0].lower() for requirement in requirements}


def test_every_import_is_a_declared_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    engine = declared(project["dependencies"])
    window = declared(project["optional-dependencies"]["app"])
    optional = set().union(
        *(declared(extra) for name, extra in project["optional-dependencies"].items() if name != "test")
    )
    assert set(imported(ROOT / "engine")) - engine - (optional - window) == set()
    assert set(imported(ROOT / "resources")) - engine == set()
    assert set(imported(ROOT / "app")) - engine - window == set()


def test_every_dependency_has_its_exact_version_in_the_constraints() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    wanted = declared(project["dependencies"]).union(
        *(declared(extra) for extra in project["optional-dependencies"].values())
    )
    assert wanted - pinned == {"wholefield"}
