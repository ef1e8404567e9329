from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray, QSettings
from pytestqt.qtbot import QtBot

from wholefield_app.settings import RECENT_LIMIT, Settings, take_over
from wholefield_app.theme.theme import ThemeName


def again(store: QSettings) -> Settings:
    """The settings as the next start reads them from the disk."""
    store.sync()
    return Settings(QSettings(store.fileName(), QSettings.Format.IniFormat))


def test_the_theme_is_dark_at_first_and_remembered(settings: Settings, store: QSettings) -> None:
    assert settings.theme is ThemeName.DARK
    settings.theme = ThemeName.LIGHT
    assert again(store).theme is ThemeName.LIGHT


def test_an_unknown_theme_is_the_dark_one(settings: Settings, store: QSettings) -> None:
    store.setValue("theme", "purple")
    assert settings.theme is ThemeName.DARK


@pytest.mark.parametrize("count", [1, 2, RECENT_LIMIT + 3])
def test_recent_files_newest_first_without_repetition(
    settings: Settings, store: QSettings, tmp_path: Path, count: int
) -> None:
    paths = [tmp_path / f"{index}.tif" for index in range(count)]
    for path in [*paths, paths[0]]:
        path.touch()
        settings.add_recent(path)
    expected = (paths[0], *reversed(paths[1:]))[:RECENT_LIMIT]
    assert again(store).recent == expected


def test_files_that_are_gone_are_not_listed(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    path.touch()
    settings.add_recent(path)
    path.unlink()
    assert settings.recent == ()
    assert settings.last_folder == Path.home()


def test_forgetting_tells_those_who_list(settings: Settings, tmp_path: Path, qtbot: QtBot) -> None:
    settings.add_recent(tmp_path)
    with qtbot.waitSignal(settings.recent_changed):
        settings.clear_recent()
    assert settings.recent == ()


def test_objects_and_layouts_come_back(settings: Settings, store: QSettings) -> None:
    assert settings.json("form") is None
    assert settings.layout("dock") is None
    settings.set_json("form", {"epochs": 3, "weights": None})
    settings.set_layout("dock", QByteArray(b"\x00\x01"))
    assert again(store).json("form") == {"epochs": 3, "weights": None}
    assert again(store).layout("dock") == QByteArray(b"\x00\x01")


@pytest.mark.parametrize("text", ["[1]", "{", ""])
def test_what_is_no_object_is_ignored(settings: Settings, store: QSettings, text: str) -> None:
    store.setValue("form", text)
    assert settings.json("form") is None


def test_the_workspace_of_a_recent_file_is_remembered(
    settings: Settings, store: QSettings, tmp_path: Path
) -> None:
    slide, stack = tmp_path / "a.svs", tmp_path / "b.nii"
    for path, workspace in ((slide, "slides"), (stack, "stacks")):
        path.touch()
        settings.add_recent(path, workspace)
    settings.workspace = "stacks"
    assert again(store).workspace == "stacks"
    assert again(store).recent_in("slides") == (slide,)
    assert again(store).workspace_of(stack) == "stacks"
    assert settings.workspace_of(tmp_path) == ""
    settings.clear_recent()
    assert settings.workspace_of(stack) == ""


def test_the_settings_of_the_former_name_are_taken_over_once(store: QSettings, tmp_path: Path) -> None:
    former = QSettings(str(tmp_path / "former.ini"), QSettings.Format.IniFormat)
    old = Settings(former)
    old.theme = ThemeName.LIGHT
    old.add_recent(tmp_path, "stacks")
    old.set_json("training/settings", {"epochs": 7})
    former.sync()
    assert take_over(former, store)
    new = again(store)
    assert new.theme is ThemeName.LIGHT
    assert new.recent_in("stacks") == (tmp_path,)
    assert new.json("training/settings") == {"epochs": 7}
    assert former.contains("theme")
    new.theme = ThemeName.DARK
    store.sync()
    assert not take_over(former, store)
    assert again(store).theme is ThemeName.DARK


def test_a_first_start_has_nothing_to_take_over(store: QSettings, tmp_path: Path) -> None:
    assert not take_over(QSettings(str(tmp_path / "former.ini"), QSettings.Format.IniFormat), store)
    assert store.allKeys() == []
