"""What a run was made with: read back equal, and what has changed since is found."""

from dataclasses import replace
from pathlib import Path

import pytest

from wholefield.errors import SettingError
from wholefield.runs import provenance
from wholefield.runs.provenance import BLOCK, BLOCKS, Provenance, fingerprint
from wholefield.tasks.slides.settings import ClassifySettings


@pytest.fixture
def config(tmp_path: Path) -> ClassifySettings:
    slides = tmp_path / "slides"
    slides.mkdir()
    (slides / "a.tif").write_bytes(b"one")
    (tmp_path / "labels.csv").write_text("file,label\n")
    return ClassifySettings(slides=slides, labels=tmp_path / "labels.csv")


def test_it_is_read_back_equal(config: ClassifySettings, tmp_path: Path) -> None:
    found = Provenance.now(config)
    found.write(tmp_path / "provenance.json")
    assert Provenance.read(tmp_path / "provenance.json") == found
    assert set(found.data) == {str(config.slides), str(config.labels)}
    assert {"Python", "torch", "numpy", "wholefield"} <= set(found.versions)
    assert found.cores > 0


def test_changed_and_lost_data_are_found(config: ClassifySettings) -> None:
    before = Provenance.now(config)
    assert before.other_data(Provenance.now(config)) == []
    (config.slides / "a.tif").write_bytes(b"two")
    assert before.other_data(Provenance.now(config)) == [str(config.slides)]
    config.labels.unlink()
    assert before.other_data(Provenance.now(config)) == [str(config.slides), str(config.labels)]


def test_other_conditions_are_named(config: ClassifySettings) -> None:
    now = Provenance.now(config)
    assert now.other_conditions(now) == []
    before = replace(now, versions=dict(now.versions) | {"torch": "1.0"}, cores=512, commit="abc")
    assert before.other_conditions(replace(now, commit="")) == [
        f"torch 1.0 (now {now.versions['torch']})",
        "commit abc (now none)",
        f"cores 512 (now {now.cores})",
    ]


def test_runs_beside_the_data_are_no_data(config: ClassifySettings) -> None:
    before = fingerprint(config.slides)
    run = config.slides / "runs" / "one"
    run.mkdir(parents=True)
    for name in ("config.json", "log.txt", "last.ckpt"):
        (run / name).write_text(name)
    assert fingerprint(config.slides) == before
    (config.slides / "runs" / "b.tif").touch()
    assert fingerprint(config.slides) != before


@pytest.mark.parametrize("place", [0, BLOCK * BLOCKS * 4 - 1])
def test_ends_and_sizes_of_large_files_count(place: int, tmp_path: Path) -> None:
    content = bytearray(BLOCK * BLOCKS * 4)
    (tmp_path / "a").write_bytes(content)
    before = fingerprint(tmp_path / "a")
    assert len(before) == 32
    content[place] = 1
    (tmp_path / "a").write_bytes(content)
    assert fingerprint(tmp_path / "a") != before
    (tmp_path / "a").write_bytes(bytes(len(content) + 1))
    assert fingerprint(tmp_path / "a") != before


def test_of_many_files_names_and_sizes_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "READ_FILES", 2)
    for name in "abcde":
        (tmp_path / name).touch()
    found = [fingerprint(tmp_path)]
    (tmp_path / "c").write_bytes(b"1")
    found.append(fingerprint(tmp_path))
    (tmp_path / "c").rename(tmp_path / "cc")
    found.append(fingerprint(tmp_path))
    assert len(set(found)) == 3


@pytest.mark.parametrize("text", ["", "[]", "7", '{"more": 1}'])
def test_a_damaged_file_is_told(text: str, tmp_path: Path) -> None:
    (tmp_path / "provenance.json").write_text(text)
    with pytest.raises(SettingError, match=r"provenance\.json cannot be read"):
        Provenance.read(tmp_path / "provenance.json")


def test_a_checkout_names_its_commit_and_a_package_within_another_project_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = {"ls-files": "__init__.py", "describe": "0123abc-dirty"}
    monkeypatch.setattr(provenance, "_git", lambda folder, word, *_: answers[word])
    assert provenance._commit() == "0123abc-dirty"
    answers["ls-files"] = ""
    assert provenance._commit() == ""
