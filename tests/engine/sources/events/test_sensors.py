"""Sizes of sensors from headers, names and events."""

import numpy as np
import pytest

from wholefield.sources.events.recording import EVENT_DTYPE, Events
from wholefield.sources.events.sensors import likely_sensor, size_from


def one_event(x: int, y: int) -> Events:
    return np.array([(x, y, 0, 0)], EVENT_DTYPE)


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"geometry": "640x480", "plugin_name": "hal_plugin_gen41_evk3"}, (640, 480)),
        ({"Width": "304", "Height": "240"}, (304, 240)),
        ({"format": "EVT3;height=720;width=1280"}, (1280, 720)),
        ({"plugin_name": "hal_plugin_gen31_fx3"}, (640, 480)),
        ({"source": "DVXplorer_DXA00001"}, (640, 480)),
        ({"sensor_generation": "4.1"}, (1280, 720)),
        ({"geometry": "0x480"}, None),
        ({"geometry": "640x999999999"}, None),
        ({"width": "640"}, None),
        ({}, None),
    ],
)
def test_header(fields: dict[str, str], size: tuple[int, int] | None) -> None:
    assert size_from(fields) == size


def test_events() -> None:
    samples = [one_event(300, 20), one_event(5, 200), one_event(0, 0)[:0]]
    assert likely_sensor(samples, whole=True) == (301, 201)
    assert likely_sensor(samples, whole=False) == (304, 240)
    assert likely_sensor([one_event(1300, 20)], whole=False) == (1301, 720)
