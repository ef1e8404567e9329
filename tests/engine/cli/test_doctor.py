"""`wholefield doctor`: what is there, what is missing, and how to get it."""

import json
import subprocess
from importlib.metadata import PackageNotFoundError

import pytest

from wholefield.cli import findings, main
from wholefield.cli.doctor import table
from wholefield.cli.findings import Finding, State, machine, packages, window

REQUIRED = ["numpy>=2.1", "absent>=3", "torch>=99", 'onnx>=1.17; extra == "onnx"', 'pytest; extra == "test"']


class Fields:
    """The metadata of a distribution, as far as it is asked for."""

    def get_all(self, name: str) -> list[str]:
        assert name == "Provides-Extra"
        return ["onnx", "test"]


def test_it_prints_what_is_here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "_start", lambda group: Finding(group, "Qt starts", State.OK))
    assert main(["doctor", "--json"]) in (0, 1)
    found = [Finding(**each) for each in json.loads(capsys.readouterr().out)]
    names = [each.name for each in found]
    assert {"cores", "memory", "disk of this folder", "wholefield", "numpy"} <= set(names)
    assert any(name.startswith("GPU") for name in names)
    assert "usable of" in found[names.index("cores")].value


@pytest.mark.parametrize(("state", "code"), [(State.MISSING, 1), (State.OPTIONAL, 0), (State.OK, 0)])
def test_the_exit_code_says_whether_something_is_missing(
    state: State, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("machine", "packages", "window"):
        monkeypatch.setattr(f"wholefield.cli.doctor.{name}", tuple)
    monkeypatch.setattr(
        "wholefield.cli.doctor.packages", lambda: [Finding("Packages", "a", state, "", "get it")]
    )
    assert main(["doctor"]) == code
    out = capsys.readouterr().out
    assert "get it" in out
    assert out.splitlines()[-1] == ("Missing: a." if code else "Nothing is missing.")


def test_packages_that_are_missing_or_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"wholefield": "0.1.0", "numpy": "2.4.0", "torch": "2.13.0+cpu", "pytest": "9"}

    def version(name: str) -> str:
        if name not in versions:
            raise PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(findings, "version", version)
    monkeypatch.setattr(findings, "requires", lambda name: REQUIRED)
    monkeypatch.setattr(findings, "metadata", lambda name: Fields())
    assert list(packages()) == [
        Finding("Packages", "wholefield", State.OK, "0.1.0"),
        Finding("Packages", "numpy", State.OK, "2.4.0"),
        Finding("Packages", "absent", State.MISSING, "", 'pip install "absent>=3"'),
        Finding(
            "Packages", "torch", State.MISSING, "2.13.0+cpu, but >=99 is needed", 'pip install "torch>=99"'
        ),
        Finding("Extra onnx", "onnx", State.OPTIONAL, "", 'pip install "wholefield[onnx]"'),
    ]


def test_a_checkout_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def requires(name: str) -> list[str]:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(findings, "requires", requires)
    (found,) = packages()
    assert found.state is State.MISSING
    assert "pip install wholefield" in found.remedy


def test_little_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 2**30, "total": 2**40})
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)
    found = {each.name: each for each in machine()}
    assert found["disk of this folder"].value.startswith("1.0 GiB free of 1024.0")
    assert "Make room" in found["disk of this folder"].remedy


def test_libraries_of_the_system_that_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "find_spec", lambda name: object())
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(findings, "_loads", lambda name: name not in ("libEGL.so.1", "libxcb-cursor.so.0"))
    failed = subprocess.CompletedProcess([], -6, "", "qt.qpa.plugin:\nno display")
    monkeypatch.setattr("subprocess.run", lambda *_, **__: failed)
    libraries, start = window()
    assert libraries.state is State.MISSING
    assert libraries.value == "libEGL.so.1, libxcb-cursor.so.0"
    assert libraries.remedy == "sudo apt install libegl1 libxcb-cursor0"
    assert (start.state, start.value) == (State.MISSING, "qt.qpa.plugin: no display")
    monkeypatch.delenv("DISPLAY")
    assert next(window()).value == "libEGL.so.1"


def test_the_table_has_a_heading_for_each_group() -> None:
    lines = table(
        [Finding("A", "one", State.OK, "1"), Finding("B", "two", State.OPTIONAL, "", "do it")]
    ).splitlines()
    assert [line.split() for line in lines] == [
        ["A"], ["one", "ok", "1"], [], ["B"], ["two", "none"], ["do", "it"], [], ["Nothing", "is", "missing."],
    ]  # fmt: skip
