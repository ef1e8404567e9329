"""What is shown of channels: each change is for the selected ones; files and presets are remembered by names."""

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from wholefield.sources import ChannelDisplay
from wholefield_app.channels.channels import Channels, from_json, to_json
from wholefield_app.channels.memory import FILES, MOST_FILES, ChannelMemory
from wholefield_app.settings import Settings
from wholefield_app.viewer.levels import Levels, describe_values

FIRST = (
    ChannelDisplay("DAPI", 0, 100, (0, 0, 255)),
    ChannelDisplay("GFP", 10, 200, (0, 255, 0)),
    ChannelDisplay("index", 0, 2, palette=((1, 2, 3), (4, 5, 6))),
)


@pytest.fixture
def channels(qtbot: QtBot) -> Channels:
    made = Channels()
    values = (np.arange(1000), np.arange(5000), np.arange(3))
    made.begin(FIRST, [describe_values(each) for each in values])
    return made


def test_a_change_is_for_the_selected_channels(channels: Channels, qtbot: QtBot) -> None:
    channels.select((1,))
    with qtbot.waitSignal(channels.changed):
        channels.set_levels(Levels(5, 50))
    channels.set_gamma(0.5)
    channels.set_color((9, 9, 9))
    channels.set_inverted(True)
    assert channels.settings[0] == FIRST[0]
    assert channels.settings[1] == ChannelDisplay("GFP", 5, 50, (9, 9, 9), gamma=0.5, inverted=True)
    channels.set_visible(False, [0, 2])
    assert [each.visible for each in channels.settings] == [False, True, False]
    assert not channels.untouched
    channels.reset()
    assert channels.settings == FIRST
    assert channels.untouched


def test_each_channel_gets_the_levels_of_its_own_values(channels: Channels) -> None:
    channels.select((1, 0))
    channels.take_full()
    assert [(each.low, each.high) for each in channels.settings[:2]] == [(0, 999), (0, 4999)]
    channels.take_automatic()
    for each, values in zip(channels.settings, (np.arange(1000), np.arange(5000)), strict=False):
        assert (each.low, each.high) == pytest.approx(tuple(np.percentile(values, (0.5, 99.5))))
    assert channels.levels == Levels(channels.settings[1].low, channels.settings[1].high)


def test_one_channel_alone_is_gray(channels: Channels) -> None:
    channels.set_visible(False, [1])
    channels.select((1,))
    channels.set_alone(True)
    assert [(each.visible, each.color) for each in channels.shown] == [
        (False, (255,) * 3),
        (True, (255,) * 3),
        (False, (255,) * 3),
    ]
    channels.set_alone(False)
    assert channels.shown == channels.settings


def test_nothing_is_open(channels: Channels) -> None:
    channels.begin(())
    channels.set_levels(Levels(1, 2))
    channels.take_full()
    assert (channels.settings, channels.levels, channels.current_facts) == ((), None, None)


def test_channels_are_restored_by_their_names(channels: Channels) -> None:
    channels.restore((ChannelDisplay("GFP", 1, 2), ChannelDisplay("unknown", 3, 4)))
    assert channels.settings == (FIRST[0], ChannelDisplay("GFP", 1, 2), FIRST[2])


def test_channels_of_one_name_are_restored_in_their_order(qtbot: QtBot) -> None:
    channels = Channels()
    channels.begin((ChannelDisplay("a", 0, 1), ChannelDisplay("a", 0, 1)))
    channels.restore((ChannelDisplay("a", 0, 2), ChannelDisplay("a", 0, 3)))
    assert [each.high for each in channels.settings] == [2, 3]


def test_json_and_back() -> None:
    assert from_json(to_json(FIRST)) == FIRST


@pytest.mark.parametrize(
    "damaged",
    [
        None, 5, [3], [{}], [{"name": "a", "low": 1, "high": 0, "color": [1, 2, 3]}],
        [{"name": "a", "low": "x", "high": 0, "color": [1, 2, 3]}],
        [{"name": "a", "low": 0, "high": 1, "color": [1, 2]}],
        [{"name": "a", "low": 0, "high": 1, "color": [1, 2, 3], "gamma": 0}],
    ],
)  # fmt: skip
def test_damaged_settings_are_left_out(damaged: object) -> None:
    assert from_json(damaged) == ()


def test_files_and_presets_are_remembered(settings: Settings) -> None:
    memory = ChannelMemory(settings)
    memory.keep("/data/a.tif", FIRST)
    assert ChannelMemory(settings).of_file("/data/a.tif") == FIRST
    memory.keep("/data/a.tif", None)
    assert memory.of_file("/data/a.tif") == ()
    memory.save_preset("Nuclei", FIRST[:1])
    memory.save_preset("All", FIRST)
    assert memory.presets == {"Nuclei": FIRST[:1], "All": FIRST}
    memory.delete_preset("Nuclei")
    assert list(memory.presets) == ["All"]


def test_only_the_last_files_are_remembered(settings: Settings) -> None:
    memory = ChannelMemory(settings)
    for number in range(MOST_FILES + 3):
        memory.keep(f"{number}.tif", FIRST[:1])
    stored = settings.json(FILES)
    assert stored is not None
    assert len(stored) == MOST_FILES
    assert memory.of_file("0.tif") == ()
    assert memory.of_file(f"{MOST_FILES + 2}.tif") == FIRST[:1]
