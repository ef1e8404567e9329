"""Demo data is made once, and data under the application's old name is taken over."""

from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pytest

from wholefield.errors import SourceError
from wholefield_resources.demo.once import Once, take_over, user_folder


@dataclass(frozen=True)
class Settings:
    count: int = 3


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Data folders of the old and the new name."""

    def folder(name: str, **_: object) -> str:
        return str(tmp_path / "share" / name)

    monkeypatch.setattr(platformdirs, "user_data_dir", folder)
    return tmp_path / "share" / "Tessera", tmp_path / "share" / "Wholefield"


def test_data_under_the_old_name_is_taken_over_once(homes: tuple[Path, Path]) -> None:
    old, new = homes
    (old / "demo" / "runs").mkdir(parents=True)
    (old / "demo" / "runs" / "model.ckpt").write_bytes(b"weights")
    assert user_folder("demo") == new / "demo"
    assert (new / "demo" / "runs" / "model.ckpt").read_bytes() == b"weights"
    assert not old.exists()
    old.mkdir()
    (old / "later").touch()
    assert user_folder("demo") == new / "demo"
    assert (old / "later").exists()
    assert not (new / "later").exists()


def test_nothing_is_overwritten(homes: tuple[Path, Path]) -> None:
    old, new = homes
    for folder, text in ((old, "old"), (new, "new")):
        folder.mkdir(parents=True)
        (folder / "file").write_text(text)
    user_folder("demo")
    assert (old / "file").read_text() == "old"
    assert (new / "file").read_text() == "new"


def test_without_old_data_nothing_is_made(homes: tuple[Path, Path]) -> None:
    _, new = homes
    assert user_folder("demo") == new / "demo"
    assert not new.exists()


def test_where_moving_is_refused_the_old_data_stays(
    homes: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = homes
    old.mkdir(parents=True)
    (old / "file").write_text("old")

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "rename", refuse)
    take_over(old, new)
    assert (old / "file").read_text() == "old"
    assert not new.exists()


def test_files_are_made_again_only_for_other_settings_or_where_one_is_missing(tmp_path: Path) -> None:
    made: list[int] = []

    def once(count: int = 3, version: int = 1) -> Once:
        return Once("demo", tmp_path, (tmp_path / "a",), version, Settings(count))

    def make() -> None:
        made.append(1)
        (tmp_path / "a").touch()

    for each in (once(), once(), once(4), once(4, 2)):
        each.ensure(make)
    assert len(made) == 3
    (tmp_path / "a").unlink()
    once(4, 2).ensure(make)
    assert len(made) == 4


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match="The demo cannot be written to"):
        Once("demo", tmp_path / "file" / "a", (), 1, Settings()).ensure(list)
