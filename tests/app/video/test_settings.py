"""A video as settings: the command line repeats it, and pictures are framed as asked for."""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from wholefield.cli.options import Parser, add_settings, command_line, settings_from
from wholefield.errors import SettingError
from wholefield.tasks.events.provider import FlowSource
from wholefield_app.video.frames import Framing, Moments
from wholefield_app.video.settings import (
    Pictures,
    VideoSettings,
    framing_values,
    style_values,
)
from wholefield_app.viewer.events.style import SCHEMES, EventsDisplay, FlowMode, FrameStyle
from wholefield_app.viewer.events.timeline import Span
from wholefield_app.workspaces.events.export import Shown, video_of

VIDEO = VideoSettings(recording=Path("a.raw"), out=Path("a.mp4"))
styles = st.builds(
    FrameStyle, scheme=st.sampled_from(list(SCHEMES.values())), accumulation_us=st.integers(1, 10**7),
    saturation=st.integers(1, 100), events_view=st.sampled_from(EventsDisplay), flow=st.sampled_from(FlowMode),
    opacity=st.floats(0, 1), step=st.integers(2, 200), threshold=st.floats(0, 1e6), scale=st.floats(0.01, 1e3),
    only_on_events=st.booleans(), legend=st.booleans(), time_stamp=st.booleans(),
)  # fmt: skip
halves = st.integers(-100_000, 200_000).map(lambda number: number / 2)
framings = st.builds(
    Framing, st.integers(1, 8000), st.integers(1, 8000), st.tuples(halves, halves, halves, halves),
    st.just("#102030"),
)  # fmt: skip


def parsed(config: VideoSettings) -> VideoSettings:
    """What the command line that stands for a video makes of it."""
    parser = Parser(prog="wholefield")
    add_settings(parser, VideoSettings)
    words = shlex.split(command_line(config))
    assert words[:2] == ["wholefield", "video"]
    return settings_from(parser.parse_args(words[2:]), VideoSettings)


@given(
    style=styles,
    framing=framings,
    flow=st.none() | st.just(FlowSource(Path("b.flo"), 1e5)),
    end=st.integers(2, 99),
)
def test_what_is_shown_comes_back_from_the_command_line(
    style: FrameStyle, framing: Framing, flow: FlowSource | None, end: int
) -> None:
    shown = Shown(Path("a.raw"), 50, Span(1, end), 0.1, (640, 480), style, framing, flow, 10)
    video = video_of(shown, Path("a b.mp4"), fps=25.0)
    video.validate()
    again = parsed(video)
    assert again == video
    wanted = style if flow is not None else replace(style, flow=FlowMode.ARROWS)
    assert again.style(7) == wanted
    assert again.framing((640, 480)) == framing
    assert again.source == flow
    assert again.moments(50) == Moments(1, min(end, 50), 25.0, 0.1)


def test_a_plain_command_shows_the_whole_frame() -> None:
    config = VideoSettings(recording=Path("a.raw"), out=Path("a.mp4"))
    assert command_line(config) == "wholefield video --out=a.mp4 a.raw"
    background = FrameStyle().scheme.background
    assert config.framing((640, 480)) == Framing(640, 480, (0, 0, 640, 480), background)
    assert config.style(500) == replace(FrameStyle(), accumulation_us=500, flow=FlowMode.ARROWS)
    assert config.moments(1000) == Moments(0, 1000, 30.0, 1.0)
    assert config.source is None
    assert replace(config, zoom=0.5, margin_color="#ff0000").framing((641, 480)) == Framing(
        320, 240, (0, 0, 320, 240), "#ff0000"
    )
    middle = replace(config, size="1280x500").framing((640, 480))
    assert middle.target == (306, 0, 667, 500)


def test_a_style_and_a_framing_are_settings() -> None:
    values = style_values(FrameStyle()) | framing_values(Framing(10, 20, (0.5, -3.0, 7, 8), "#000000"))
    assert values["viewport"] == "0.5,-3,7,8"
    assert replace(VIDEO, **values).style(1) == FrameStyle()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"end_us": 5, "start_us": 5}, "end_us is 5 but must be above start_us"),
        ({"size": "0x5"}, "size is '0x5'"),
        ({"size": "640x480", "viewport": "1,2,3"}, "viewport is '1,2,3'"),
        ({"viewport": "1,2,3,4"}, "set size, too"),
        ({"margin_color": "black"}, "margin_color is 'black' but must be a color"),
        ({"off_color": "#12345"}, "off_color is '#12345'"),
        ({"fps": 0}, "fps is 0 but must be above 0"),
        ({"opacity": 1.5}, "opacity is 1.5 but must be at most 1"),
    ],
)
def test_settings_that_cannot_be_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingError, match=sentence):
        replace(VIDEO, **changes).validate()
    assert Pictures("frames") is Pictures.FRAMES


def test_options_of_the_former_names_still_work() -> None:
    parser = Parser(prog="wholefield")
    add_settings(parser, VideoSettings)
    old = [
        "--around=#ff0000",
        "--size=640x480",
        "--place=1,2,3,4",
        "--sight=beside",
        "--full-at=5",
        "--on=#00ff00",
    ]
    found = settings_from(parser.parse_args(["a.raw", "--out=a.mp4", *old]), VideoSettings)
    assert found == replace(
        VIDEO, margin_color="#ff0000", size="640x480", viewport="1,2,3,4", events_view=EventsDisplay.BESIDE,
        saturation=5, on_color="#00ff00",
    )  # fmt: skip
