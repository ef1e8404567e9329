"""Flow comes without anybody waiting, is remembered, and ends with its provider."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.app.viewer.events.conftest import GatedFlow
from tests.there import there
from wholefield_app.background import Background
from wholefield_app.viewer.events.flow_layer import REMEMBERED, FlowLayer


@pytest.fixture
def layer(qapp: QApplication) -> Iterator[FlowLayer]:
    worker = Background(1)
    yield FlowLayer(worker)
    worker.close()


def test_a_field_is_asked_for_once_and_holds_for_its_time(
    layer: FlowLayer, gated: GatedFlow, qtbot: QtBot
) -> None:
    assert layer.field_for(5) is None
    assert not layer.busy
    layer.set_provider(gated)
    with qtbot.waitSignal(layer.arrived):
        assert layer.field_for(12_345) is None
    field = there(layer.field_for(12_345))
    assert (field.start_us, field.end_us) == (10_000, 20_000)
    assert layer.field_for(19_999) is field
    assert gated.asked == [12_345]
    with qtbot.waitSignal(layer.arrived):
        assert layer.field_for(20_000) is None
    assert gated.asked == [12_345, 20_000]


def test_the_newest_flow_stands_in_while_playing(layer: FlowLayer, gated: GatedFlow, qtbot: QtBot) -> None:
    layer.set_provider(gated)
    with qtbot.waitSignal(layer.arrived):
        layer.field_for(0)
    gated.gate.clear()
    first = layer.field_for(0)
    assert layer.field_for(10_000, overtaken=True) is first
    assert layer.field_for(10_000) is None
    with qtbot.waitSignal(layer.arrived):
        gated.gate.set()
    assert there(layer.field_for(10_000)).start_us == 10_000


def test_only_the_last_fields_are_remembered(layer: FlowLayer, gated: GatedFlow, qtbot: QtBot) -> None:
    layer.set_provider(gated)
    for number in range(REMEMBERED + 1):
        with qtbot.waitSignal(layer.arrived):
            layer.field_for(number * 10_000)
    assert layer.field_for(10_000) is not None
    assert layer.field_for(0) is None
    qtbot.waitUntil(lambda: not layer.busy)


def test_a_moment_without_flow_is_asked_for_once(layer: FlowLayer, gated: GatedFlow, qtbot: QtBot) -> None:
    gated.until_us = 50_000
    layer.set_provider(gated)
    with qtbot.waitSignal(layer.arrived):
        layer.field_for(60_000)
    assert layer.field_for(60_000) is None
    assert not layer.busy
    assert gated.asked == [60_000]


def test_what_an_old_provider_answers_is_not_told(layer: FlowLayer, gated: GatedFlow, qtbot: QtBot) -> None:
    gated.gate.clear()
    layer.set_provider(gated)
    arrived = []
    layer.arrived.connect(lambda: arrived.append(1))
    layer.field_for(0)
    layer.set_provider(None)
    gated.gate.set()
    qtbot.waitUntil(lambda: gated.closed == 1)
    assert layer.field_for(0) is None
    assert not arrived


def test_a_provider_that_fails_is_said_and_let_go(layer: FlowLayer, gated: GatedFlow, qtbot: QtBot) -> None:
    gated.broken = True
    layer.set_provider(gated)
    with qtbot.waitSignal(layer.failed) as told:
        layer.field_for(0)
    assert told.args[0].sentence == "gated is damaged; copy it again."
    assert layer.provider is None
    qtbot.waitUntil(lambda: gated.closed == 1)
