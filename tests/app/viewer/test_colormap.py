import numpy as np
import numpy.typing as npt
import pytest

from wholefield_app.viewer.colormap import Colormap, colorise, table


@pytest.mark.parametrize("colormap", [c for c in Colormap if c is not Colormap.TURBO])
def test_lightness_rises_all_the_way(colormap: Colormap) -> None:
    luma = table(colormap).astype(float) @ [0.2126, 0.7152, 0.0722]
    assert table(colormap).shape == (256, 3)
    # Eight-bit rounding lets neighbors stand still.
    assert (np.diff(luma) > -1.5).all()
    assert luma[-1] - luma[0] > 100


def test_viridis_has_its_published_ends() -> None:
    assert table(Colormap.VIRIDIS)[0].tolist() == [68, 1, 84]
    assert table(Colormap.VIRIDIS)[255].tolist() == [253, 231, 37] or (
        np.abs(table(Colormap.VIRIDIS)[255].astype(int) - [253, 231, 37]).max() <= 1
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_values_take_the_color_of_their_place(dtype: npt.DTypeLike) -> None:
    values = np.array([[0.0, 0.5, 1.0], [-3.0, 7.0, np.nan]], dtype)
    pixels = colorise(values, Colormap.MAGMA)
    colors = table(Colormap.MAGMA)
    assert pixels[0, :, 2::-1].tolist() == [colors[i].tolist() for i in (0, 128, 255)]
    assert pixels[1, :2, 2::-1].tolist() == [colors[0].tolist(), colors[255].tolist()]
    assert pixels[..., 3].tolist() == [[255, 255, 255], [255, 255, 0]]
    assert pixels[1, 2].tolist() == [0, 0, 0, 0]


def test_infinite_values_take_the_ends() -> None:
    pixels = colorise(np.array([[-np.inf, np.inf]]), Colormap.GRAY)
    assert pixels[0, :, 0].tolist() == [0, 255]
