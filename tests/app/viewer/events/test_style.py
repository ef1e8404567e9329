"""Styles are remembered, whatever was written by another version."""

from dataclasses import replace

import pytest

from wholefield_app.viewer.events.style import SCHEMES, EventsDisplay, FlowMode, FrameStyle, Scheme


def test_a_style_comes_back_from_json() -> None:
    style = FrameStyle(
        scheme=Scheme("#010203", "#ff0000", "#00ff00"), accumulation_us=123, events_view=EventsDisplay.BESIDE,
        flow=FlowMode.DENSE, opacity=0.25, only_on_events=False,
    )  # fmt: skip
    assert FrameStyle.from_json(style.to_json()) == style
    assert type(FrameStyle.from_json(style.to_json()).events_view) is EventsDisplay


@pytest.mark.parametrize(
    "bad", [{"events_view": "upside down"}, {"step": "many"}, {"scheme": {"hue": 3}}, {"more": 1}]
)
def test_what_cannot_be_is_as_in_a_new_style(bad: dict[str, object]) -> None:
    values = replace(FrameStyle(), saturation=7).to_json() | bad
    assert FrameStyle.from_json(values) == replace(FrameStyle(), saturation=7)


def test_a_style_written_with_the_former_names_is_read() -> None:
    values = {"full_at": 5, "sight": "beside"}
    assert FrameStyle.from_json(values) == replace(
        FrameStyle(), saturation=5, events_view=EventsDisplay.BESIDE
    )


def test_modes_say_what_is_shown() -> None:
    assert [(mode.arrows, mode.dense) for mode in FlowMode] == [
        (False, False), (True, False), (False, True), (True, True),
    ]  # fmt: skip
    assert [sight.needs_flow for sight in EventsDisplay] == [False, True, True]


def test_schemes_tell_positive_from_negative_events() -> None:
    for scheme in SCHEMES.values():
        assert len({scheme.background, scheme.on, scheme.off}) == 3
