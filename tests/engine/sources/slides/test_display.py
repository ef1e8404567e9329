from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays

from wholefield.sources import ChannelDisplay, ChannelLook, default_display, to_display
from wholefield.sources.slides.display import RGB_CHANNELS, percentile_window
from wholefield.sources.slides.image import AnyArray, Description, ImageSource, levels_from_sizes


class InMemory(ImageSource):
    def __init__(self, tmp_path: Path, pixels: AnyArray, looks: tuple[ChannelLook, ...] = ()) -> None:
        levels = levels_from_sizes([(pixels.shape[1], pixels.shape[0])])
        super().__init__(
            tmp_path, Description("memory", levels, pixels.shape[2], pixels.dtype, None, {}, looks)
        )
        self.pixels = pixels

    def _read_inside(self, level: int, x: int, y: int, width: int, height: int) -> AnyArray:
        return self.pixels[y : y + height, x : x + width].copy()


def test_color_pictures_pass_unchanged() -> None:
    region = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    assert to_display(region) is region


def test_window_color_and_sum_of_channels() -> None:
    region = np.array([[[0, 50], [100, 100], [200, 0]]], np.uint16)
    channels = (
        ChannelDisplay("a", 0, 200, (255, 0, 0)),
        ChannelDisplay("b", 50, 100, (255, 128, 0)),
    )
    expected = [[[0, 0, 0], [255, 128, 0], [255, 0, 0]]]
    assert to_display(region, channels).tolist() == expected


def test_hidden_channels_add_nothing() -> None:
    region = np.full((1, 1, 2), 9, np.uint8)
    channels = (ChannelDisplay("a", 0, 9, visible=False), ChannelDisplay("b", 0, 18))
    assert to_display(region, channels).tolist() == [[[128, 128, 128]]]


def test_wrong_number_of_settings_is_refused() -> None:
    with pytest.raises(ValueError, match="1 display settings do not fit 2 channels"):
        to_display(np.zeros((1, 1, 2)), (ChannelDisplay("a", 0, 1),))


def test_not_a_number_is_black_and_infinity_full() -> None:
    region = np.array([[[np.nan], [np.inf], [-np.inf]]], np.float32)
    shown = to_display(region, (ChannelDisplay("a", 0, 1),))
    assert shown[0, :, 0].tolist() == [0, 255, 0]


@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.int16, np.uint32, np.float32, np.float64, np.bool_]),
        st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5)),
    )
)
def test_any_type_and_number_of_channels_becomes_a_picture(region: AnyArray) -> None:
    shown = to_display(region)
    assert shown.shape == (*region.shape[:2], 3)
    assert shown.dtype == np.uint8


def test_large_integers_keep_their_differences() -> None:
    values = np.array([2**31 + 1, 2**31 + 2, 2**31 + 3], np.uint32)[None, :, None]
    shown = to_display(values, (ChannelDisplay("a", 2**31 + 1, 2**31 + 3),))
    assert shown[0, :, 0].tolist() == [0, 128, 255]


def by_the_formula(region: AnyArray, channels: list[ChannelDisplay]) -> AnyArray:
    """Every channel by itself, all in float64."""
    total = np.zeros((*region.shape[:2], 3))
    for index, channel in enumerate(channels):
        if channel.visible:
            fraction = (region[..., index].astype(np.float64) - channel.low) / (channel.high - channel.low)
            fraction = 1 - fraction if channel.inverted else fraction
            share = np.nan_to_num(np.clip(fraction, 0, 1), nan=0.0) ** channel.gamma
            if channel.palette is None:
                total += share[..., None] * np.array(channel.color)
            else:
                total += np.array(channel.palette)[np.rint(share * (len(channel.palette) - 1)).astype(int)]
    return np.minimum(np.rint(total), 255)


def some_channels(random: np.random.Generator, count: int) -> list[ChannelDisplay]:
    def color() -> tuple[int, int, int]:
        red, green, blue = random.integers(0, 256, 3).tolist()
        return red, green, blue

    made = []
    for index in range(count):
        low, span = random.uniform(-100, 60000), random.uniform(0.1, 60000)
        palette = tuple(color() for _ in range(4)) if index % 5 == 3 else None
        gamma = random.choice([1.0, 0.37, 2.2]) if index % 2 else 1.0
        made.append(
            ChannelDisplay(
                "", low, low + span, color(), index % 7 != 6, palette, float(gamma), index % 4 == 1
            )
        )
    return made


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32", "float64"])
@pytest.mark.parametrize("count", [1, 2, 40])
def test_colors_are_those_of_the_formula(dtype: str, count: int) -> None:
    random = np.random.default_rng(count)
    channels = some_channels(random, count)
    region = random.uniform(-200, 70000, (33, 29, count))
    region = (region if dtype.startswith("float") else region.astype(np.int64)).astype(dtype)
    if dtype.startswith("float"):
        region[0, 0], region[1, 1], region[2, 2] = np.nan, np.inf, -np.inf
    shown, exact = to_display(region, channels), by_the_formula(region, channels)
    # The powers of numpy and of the compiled loop may differ in their last bit.
    assert np.abs(shown - exact).max() <= (0 if all(each.gamma == 1 for each in channels) else 1)
    assert (shown != exact).mean() < 0.01


def test_the_picture_does_not_depend_on_the_order_in_memory() -> None:
    region = np.random.default_rng(2).integers(0, 4000, (3, 31, 17), np.uint16)
    channels = [ChannelDisplay("a", 10, 3000), ChannelDisplay("b", 0, 99), ChannelDisplay("c", 5, 4000)]
    planar = np.moveaxis(region, 0, 2)
    assert np.array_equal(to_display(planar, channels), to_display(planar.copy("C"), channels))


def test_shown_as_color_channels_a_color_picture_stays_as_it_is() -> None:
    region = np.random.default_rng(3).integers(0, 256, (9, 8, 3), np.uint8)
    assert np.array_equal(to_display(region, RGB_CHANNELS), region)


def test_no_channel_is_black() -> None:
    hidden = [ChannelDisplay("a", 0, 1, visible=False)]
    assert not to_display(np.ones((2, 2, 1), np.float32), hidden).any()


def test_percentile_window_ignores_what_is_not_finite() -> None:
    values = np.array([np.nan, np.inf, 1.0, 3.0])
    assert percentile_window(values, 0, 100) == (1.0, 3.0)
    assert percentile_window(np.array([np.nan])) == (0.0, 1.0)
    assert percentile_window(np.full(4, 5.0)) == (5.0, 6.0)


def test_default_display_follows_the_file(tmp_path: Path) -> None:
    pixels = np.arange(600, dtype=np.uint16).reshape(10, 20, 3)
    looks = (
        ChannelLook("DAPI", (0, 255, 255), (10.0, 700.0)),
        ChannelLook("actin", None, None),
        ChannelLook("lamin", (255, 255, 0), None),
    )
    display = default_display(InMemory(tmp_path, pixels, looks))
    assert display is not None
    assert display[0] == ChannelDisplay("DAPI", 10.0, 700.0, (0, 255, 255))
    assert (display[1].name, display[1].color) == ("actin", (0, 255, 0))
    assert display[2].low == pytest.approx(np.percentile(pixels[..., 2], 0.5))
    assert display[2].high == pytest.approx(np.percentile(pixels[..., 2], 99.5))


def test_default_display_of_color_and_of_gray(tmp_path: Path) -> None:
    assert default_display(InMemory(tmp_path, np.zeros((4, 5, 3), np.uint8))) is None
    gray = default_display(InMemory(tmp_path, np.zeros((4, 5, 1), np.uint8)))
    assert gray == (ChannelDisplay("Channel 1", 0.0, 255.0, (255, 255, 255)),)


def test_of_many_channels_a_few_are_shown_at_first(tmp_path: Path) -> None:
    pixels = np.zeros((4, 5, 12), np.uint16)
    shown = default_display(InMemory(tmp_path, pixels))
    assert shown is not None
    assert [channel.visible for channel in shown] == [True] * 4 + [False] * 8
    # Segments have colors of their own and lie beside each other.
    looks = tuple(ChannelLook(str(k), (0, 20 * k, 0), None) for k in range(12))
    segments = default_display(InMemory(tmp_path, pixels, looks))
    assert segments is not None
    assert all(channel.visible for channel in segments)
