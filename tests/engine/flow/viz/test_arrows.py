"""Arrows stand where they should, point where the flow does, and have the color of their direction."""

import inspect

import numpy as np
import pytest
import torch

from wholefield.flow.viz.arrows import convert_to_gray, draw_arrows, get_arrows

BLACK = np.zeros((64, 64, 3), np.uint8)


def uniform(u: float, v: float) -> np.ndarray:
    return np.full((2, 64, 64), 0.0) + np.array([u, v])[:, None, None]


def test_documented_defaults() -> None:
    def defaults(function: object) -> dict[str, object]:
        parameters = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
        return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}

    assert defaults(draw_arrows) == {
        "step": 16, "threshold_px": 1, "convert_img_to_gray": True, "mask": None, "thickness": 1,
    }  # fmt: skip
    assert defaults(get_arrows) == {"base_img": None, "step": 8, "mask": None}


@pytest.mark.parametrize(
    ("vector", "color"),
    [((7.0, 0.0), (255, 0, 0)), ((-7.0, 0.0), (0, 255, 255)), ((0.0, 7.0), (128, 255, 0))],
)
def test_an_arrow_leads_along_the_flow_in_its_color(
    vector: tuple[float, float], color: tuple[int, int, int]
) -> None:
    drawn = draw_arrows(BLACK, uniform(*vector), step=64)
    rows, columns = np.nonzero(drawn.any(2))
    middle = 32 + vector[0] / 2, 32 + vector[1] / 2
    assert abs(columns.mean() - middle[0]) < 2
    assert abs(rows.mean() - middle[1]) < 2
    inside = drawn[round(middle[1]), round(middle[0])]
    np.testing.assert_allclose(inside, color, atol=30)


def test_steps_threshold_and_mask_choose_arrows() -> None:
    def count(**options: object) -> int:
        return int(draw_arrows(BLACK, uniform(3, 0), **options)[8::16, 8::16].any(2).sum())  # type: ignore[arg-type]

    mask = np.zeros((64, 64), bool)
    mask[:, 32:] = True
    assert count() == 16
    assert count(mask=mask) == 8
    assert count(threshold_px=3) == 16
    assert count(threshold_px=3.1) == 0


def test_the_picture_stays_and_turns_gray_below() -> None:
    image = np.full((64, 64, 3), (200, 0, 0), np.uint8)
    drawn = draw_arrows(image, uniform(0, 0))
    assert image[0, 0].tolist() == [200, 0, 0]
    assert drawn[0, 0].tolist() == [60, 60, 60]
    assert draw_arrows(image, uniform(0, 0), convert_img_to_gray=False)[0, 0].tolist() == [200, 0, 0]


def test_tensors_and_canvases() -> None:
    flow = torch.from_numpy(uniform(5, 0)).requires_grad_()
    np.testing.assert_array_equal(get_arrows(flow), get_arrows(flow.detach().numpy(), BLACK))
    assert not get_arrows(flow, mask=np.zeros((64, 64), bool)).any()


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 1), (3, 4, 3)])
def test_gray(shape: tuple[int, ...]) -> None:
    image = np.full(shape, 90, np.uint8)
    found = convert_to_gray(image)
    assert found.shape == (3, 4, 3)
    assert (found == 90).all()
