"""Batches of simulated scenes, made on the fly; each scene is used a few times, flipped and rotated at random."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from wholefield.flow.pyramid import shrink
from wholefield.flow.representations import make_features
from wholefield.flow.sequences.crop import Crop
from wholefield.flow.simulator import stretches_of, varied_scene
from wholefield.flow.simulator.variety import BIN_US

POOL = 96


class Clip(NamedTuple):
    """A scene as a network is given it.

    Attributes:
        features: float32 (T, C, h, w).
        flow: float32 (T, 2, h, w) in px of the features per bin.
    """

    features: Tensor
    flow: Tensor


def make_clip(seed: int, bins: int, side: int, downsampling: int) -> Clip:
    """Simulate a scene of a square sensor of `side` px, event cubes and true flow halved `downsampling` times."""
    settings, planes = varied_scene(seed, bins, (side, side))
    stretches = list(stretches_of(settings, seed, planes=planes))
    events = np.concatenate([stretch.events for stretch in stretches])
    features = make_features(events, "event_cube", BIN_US, 0, bins, side, side, downsampling)
    flow = torch.from_numpy(np.stack([stretch.flow for stretch in stretches]))
    return Clip(torch.from_numpy(features), shrink(flow[:, None], downsampling)[:, 0] / 2**downsampling)


class SceneStream:
    """Endless batches of consecutive bins; the same seed gives the same.

    Args:
        seed: Seed of the scenes and of all random choices.
        lanes: Scenes side by side.
        window: Bins of a batch.
        bins: Bins of a scene, a multiple of the window.
        side: Side of the sensor in px.
        downsampling: How often it is halved.
        uses: How often a scene is used on average.
    """

    def __init__(
        self, seed: int, lanes: int, window: int, bins: int, side: int, downsampling: int, uses: int
    ) -> None:
        self.window, self.made = window, 0
        self._seed, self._bins, self._side, self._downsampling = seed, bins, side, downsampling
        self._rng = np.random.default_rng([seed, 0x57BEA3])
        self._uses, self._pool = uses, list[Clip]()
        # Lanes are in different parts of their scenes, so that every batch has fresh starts and old states.
        windows = bins // window
        self._lanes = [self._next() for _ in range(lanes)]
        self._at = [window * (lane % windows) for lane in range(lanes)]
        self._fresh = [True] * lanes

    def batch(self) -> tuple[Tensor, Tensor, Tensor]:
        """Features (T, B, C, h, w), flow (T, B, 2, h, w), and 0 (B,) where a state begins, else 1."""
        keep = torch.tensor([0.0 if fresh else 1.0 for fresh in self._fresh])
        spans = [slice(at, at + self.window) for at in self._at]
        features = torch.stack([c.features[s] for c, s in zip(self._lanes, spans, strict=True)], 1)
        flow = torch.stack([c.flow[s] for c, s in zip(self._lanes, spans, strict=True)], 1)
        for lane in range(len(self._lanes)):
            self._at[lane] += self.window
            self._fresh[lane] = self._at[lane] >= self._bins
            if self._fresh[lane]:
                self._lanes[lane], self._at[lane] = self._next(), 0
        return features, flow, keep

    def _next(self) -> Clip:
        if len(self._pool) < POOL // 4 or self._rng.random() * self._uses < 1:
            clip = make_clip(self._seed + self.made, self._bins, self._side, self._downsampling)
            self.made += 1
            if len(self._pool) >= POOL:
                self._pool.pop(0)
            self._pool.append(clip)
        return _turned(self._pool[int(self._rng.integers(len(self._pool)))], self._rng)


def _turned(clip: Clip, rng: np.random.Generator) -> Clip:
    """Flipped and rotated at random, and its polarities swapped or not."""
    height, width = clip.flow.shape[2:]
    crop = Crop.random(width, height, None, rng, flips=True, rotations=True)
    features = torch.from_numpy(crop.images(clip.features.numpy()))
    if rng.random() < 0.5:
        features = features.unflatten(1, (-1, 2)).flip(2).flatten(1, 2)
    return Clip(features, torch.from_numpy(crop.flow(clip.flow.numpy())))
