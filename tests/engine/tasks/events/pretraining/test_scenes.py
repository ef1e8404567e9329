"""Batches of simulated scenes: order, states, and that flow turns with its events."""

import numpy as np
import torch

from wholefield.tasks.events.pretraining.scenes import Clip, SceneStream, _turned, make_clip


def stream(seed: int) -> SceneStream:
    return SceneStream(seed, lanes=2, window=2, bins=4, side=32, downsampling=1, uses=2)


def test_batches_follow_each_other_and_begin_anew() -> None:
    made, again = stream(3), stream(3)
    kept = []
    for _ in range(5):
        features, flow, keep = made.batch()
        assert features.shape == (2, 2, 6, 16, 16)
        assert flow.shape == (2, 2, 2, 16, 16)
        kept.append(keep.tolist())
        for one, other in zip((features, flow, keep), again.batch(), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=0)
    assert kept == [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]


def test_a_clip_has_flow_in_px_of_its_features() -> None:
    whole, halved = make_clip(5, 2, 32, 0), make_clip(5, 2, 32, 1)
    assert halved.flow.shape == (2, 2, 16, 16)
    means = whole.flow.unflatten(3, (16, 2)).mean(4).unflatten(2, (16, 2)).mean(3)
    torch.testing.assert_close(halved.flow, means / 2)


def test_flow_turns_with_its_events() -> None:
    """One feature in motion along x only: wherever the picture is turned, it has moved along the flow."""
    features, flow = torch.zeros(1, 2, 9, 9), torch.zeros(1, 2, 9, 9)
    features[0, 0, 2, 6], flow[0, :, 2, 6] = 1, torch.tensor([3.0, 1.0])
    seen = set()
    for seed in range(40):
        turned = _turned(Clip(features, flow), np.random.default_rng(seed))
        _, polarity, y, x = (int(index) for index in torch.nonzero(turned.features)[0])
        arrow = turned.flow[0, :, y, x].tolist()
        center = torch.tensor([x - 4.0, y - 4.0])
        # Before: the feature lies at (2, -2) from the center and moves by (3, 1): their products are kept by rotations
        # and reflections alike.
        assert float(center @ torch.tensor(arrow)) == 4.0
        seen.add((polarity, *arrow))
    assert len(seen) == 16
