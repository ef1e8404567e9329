import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from wholefield.runs.own_process.identity import ProcessIdentity


def test_this_process_is_alive_and_comes_back_from_a_file(tmp_path: Path) -> None:
    own = ProcessIdentity.own()
    own.write(tmp_path / "a")
    assert ProcessIdentity.read(tmp_path / "a") == own
    assert own.alive
    assert own.here


def test_another_process_of_the_same_number_is_another_one() -> None:
    assert not replace(ProcessIdentity.own(), started=ProcessIdentity.own().started - 60).alive


def test_a_process_of_another_machine_is_not_judged_by_ours() -> None:
    there = replace(ProcessIdentity.own(), host="elsewhere")
    assert not there.here
    assert not there.alive


def test_a_process_that_has_ended_is_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = ProcessIdentity.of(child.pid)
    assert identity.alive
    child.communicate(b"\n")
    assert not identity.alive


def test_a_file_that_names_no_process_names_none(tmp_path: Path) -> None:
    assert ProcessIdentity.read(tmp_path / "absent") is None
    for text in ("", "[]", "{}", '{"pid": "a", "started": 1, "host": ""}'):
        (tmp_path / "b").write_text(text)
        assert ProcessIdentity.read(tmp_path / "b") is None
