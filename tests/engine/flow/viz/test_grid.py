"""Batches side by side."""

import numpy as np
import torch

from wholefield.flow.viz.grid import draw_flow_on_grid, enlarged


def picture(features: np.ndarray) -> np.ndarray:
    return np.repeat((features[0] * 100).astype(np.uint8)[..., None], 3, axis=2)


def batch() -> tuple[torch.Tensor, list[torch.Tensor]]:
    features = torch.zeros(2, 3, 1, 32, 32)
    features[:, 1, 0] = 1
    flows = [torch.zeros(2, 3, 2, n, n) for n in (16, 32)]
    flows[0][:, :, 0] = 3
    flows[1][:, :, 1] = 6
    return features, flows


def test_elements_have_their_places_and_only_pixels_with_input_show_flow() -> None:
    features, flows = batch()
    grid = np.zeros((2, 64, 64, 3), np.uint8)
    assert draw_flow_on_grid(features, flows, grid, picture) is grid
    assert not grid[:, :32, :32].any()
    assert not grid[:, 32:].any()
    shown = grid[:, :32, 32:]
    assert (shown == 100).all(3).mean() > 0.5
    assert (shown != 100).any()
    draw_flow_on_grid(features, flows, grid, picture, mask_by_input=False)
    assert grid[:, :32, :32].any()


def test_scales_and_dense_colors() -> None:
    features, flows = batch()
    grid = np.zeros((2, 32, 96, 3), np.uint8)
    draw_flow_on_grid(features, flows, grid, picture, scale=0, mask_by_input=False, draw_dense=True)
    assert (grid == (255, 0, 0)).all()
    draw_flow_on_grid(features, flows, grid, picture, draw_dense=True)
    assert (grid[:, :, 32:64] == (128, 255, 0)).all()
    assert not grid[:, :, :32].any()


def test_coarse_flow_grows_with_its_picture() -> None:
    flow = np.random.default_rng(0).normal(size=(2, 3, 4)).astype(np.float32)
    found = enlarged(flow, 11, 13)
    assert found.shape == (2, 11, 13)
    np.testing.assert_array_equal(found[:, 10, 12], 4 * flow[:, 2, 3])
    np.testing.assert_array_equal(found[:, 3, 4], 4 * flow[:, 0, 1])
    assert enlarged(flow, 3, 4) is flow
