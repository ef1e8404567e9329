"""The loop: several networks learn from the same scenes, for as many minutes as they are given; it can be continued."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.files import replacing
from wholefield.flow.flow_network import FlowNetwork
from wholefield.flow.losses.penalty import charbonnier
from wholefield.flow.pyramid import shrink
from wholefield.flow.representations import preprocessor
from wholefield.flow.simulator.variety import BIN_US
from wholefield.tasks.events.pretraining.names import NETWORKS
from wholefield.tasks.events.pretraining.scenes import Clip, SceneStream, make_clip
from wholefield.training.checkpoints import card_in, read_checkpoint
from wholefield.training.model_card import InputCard, ModelCard, versions

ARCHITECTURE, REPRESENTATION, DOWNSAMPLING = "eminet_non_sep", "event_cube", 1
LANES, WINDOW, BINS, SIDE, USES = 6, 6, 24, 96, 8
# The root mean square of a feature is about that many events per pixel of the sensor.
TYPICAL_EVENTS = 1.5
DEBLUR = 0.02
# Of a pixel without events in the loss; what moves there can only be guessed from its surroundings.
QUIET = 0.2
# Speed in px of the features per bin below which errors count absolutely, above which relative to it.
SLOW = 0.5
PEAK, WARM_UP, DECAY_STEPS, AVERAGING = 2e-3, 100, 1500, 0.998
HELD_BACK_SEED, HELD_BACK = 10**9, 10
SAVE_SECONDS = 180.0

Say = Callable[[str], None]


@dataclass
class Pupil:
    """A network in training.

    Attributes:
        name: What it is called.
        network: With the weights of the newest step.
        average: Their moving average by name, which is what is saved for use.
        optimizer: Adam with decoupled weight decay.
        steps: Steps done.
        seconds: Time spent on it, scenes included, in s.
    """

    name: str
    network: FlowNetwork
    average: dict[str, Tensor]
    optimizer: torch.optim.Optimizer
    steps: int = 0
    seconds: float = 0.0

    @classmethod
    def fresh(cls, name: str, seed: int) -> "Pupil":
        """With random weights."""
        torch.manual_seed(seed)
        card = card_for(name)
        network = FlowNetwork(
            (1, card.input.channels, 1, 1), {"bw_deblur": DEBLUR}, ARCHITECTURE, **NETWORKS[name]
        )
        events = preprocessor(REPRESENTATION).defaults["max_incr_per_pixel"] * 4**DOWNSAMPLING
        network.scale.fill_(TYPICAL_EVENTS / events)
        average = {key: value.clone() for key, value in network.state_dict().items()}
        optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK, weight_decay=1e-4)
        return cls(name, network, average, optimizer)

    def learn(self, features: Tensor, flow: Tensor, keep: Tensor) -> float:
        """One step; returns the loss."""
        self.network.train()
        self.network.reset(keep)
        flows = self.network(features)
        loss = known_loss(flows, flow, features) + sum(self.network.compute_loss(features, flows).values())
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.steps)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.steps += 1
        share = min(AVERAGING, self.steps / (self.steps + 10))
        with torch.no_grad():
            for key, value in self.network.state_dict().items():
                self.average[key].lerp_(value, 1 - share)
        return float(loss.detach())

    @torch.no_grad()
    def error(self, clips: list[Clip]) -> float:
        """Mean over scenes of the endpoint error where there are events, as a share of that of zero flow."""
        probe = FlowNetwork(
            (1, clips[0].features.shape[1], 1, 1), {"l1": 1.0}, ARCHITECTURE, **NETWORKS[self.name]
        )
        probe.load_state_dict(self.average)
        probe.eval()
        shares = []
        for clip in clips:
            probe.reset()
            found = probe(clip.features[:, None])[-1][:, 0]
            seen = (clip.features != 0).any(1)
            errors, sizes = (
                (part.square().sum(1).sqrt()[seen]).mean() for part in (found - clip.flow, clip.flow)
            )
            shares.append(float(errors / sizes))
        return sum(shares) / len(shares)

    def save(self, path: Path, metrics: Mapping[str, float]) -> None:
        """Write the checkpoint: the averaged weights with their card, and what it takes to continue."""
        card = replace(card_for(self.name), metrics=dict(metrics), versions=versions(), license="Apache-2.0")
        content = {
            "wholefield": card.to_plain(),
            "state_dict": {f"network.{key}": value for key, value in self.average.items()},
            "pupil": {
                "weights": self.network.state_dict(), "optimizer": self.optimizer.state_dict(),
                "steps": self.steps, "seconds": self.seconds,
            },
        }  # fmt: skip
        with replacing(path) as temporary:
            torch.save(content, temporary)

    def restore(self, path: Path) -> None:
        """Continue from a checkpoint.

        Raises:
            SettingError: It is of another network.
        """
        content = read_checkpoint(path)
        if "pupil" not in content or dict(card_in(content, path).arguments) != dict(NETWORKS[self.name]):
            raise SettingError(f"{path} cannot be continued here; choose another folder.")
        self.network.load_state_dict(content["pupil"]["weights"])
        self.optimizer.load_state_dict(content["pupil"]["optimizer"])
        self.steps, self.seconds = content["pupil"]["steps"], content["pupil"]["seconds"]
        self.average = {key.removeprefix("network."): value for key, value in content["state_dict"].items()}


def pretrain(folder: Path, names: tuple[str, ...], minutes: float, seed: int, say: Say = print) -> None:
    """Train networks into NAME.ckpt of a folder, or continue those that are there with scenes not seen before.

    Args:
        folder: Made if it is not there.
        names: Keys of `NETWORKS`; they share the scenes.
        minutes: How long; a step that has begun is finished.
        seed: Seed of the scenes and of the first weights.
        say: Given a line of JSON with every checkpoint.

    Raises:
        SettingError: A checkpoint in the folder is of another network.
        OSError: A checkpoint cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pupils = [Pupil.fresh(name, seed) for name in names]
    for pupil in pupils:
        path = folder / f"{pupil.name}.ckpt"
        if path.exists():
            pupil.restore(path)
    start = time.monotonic()
    held_back = [make_clip(HELD_BACK_SEED + k, BINS, SIDE, DOWNSAMPLING) for k in range(HELD_BACK)]
    begun = max(pupil.steps for pupil in pupils)
    stream = SceneStream(seed * 10**6 + 100 * begun, LANES, WINDOW, BINS, SIDE, DOWNSAMPLING, USES)
    losses: dict[str, float] = {}
    saved = now = time.monotonic()
    over = False
    while not over:
        batch = stream.batch()
        for pupil in pupils:
            value = pupil.learn(*batch)
            losses[pupil.name] = 0.98 * losses.get(pupil.name, value) + 0.02 * value
        before, now = now, time.monotonic()
        for pupil in pupils:
            pupil.seconds += now - before
        over = now - start >= 60 * minutes
        if over or now - saved > SAVE_SECONDS:
            saved = now
            for pupil in pupils:
                metrics = {"error of zero flow": pupil.error(held_back), "loss": losses[pupil.name]}
                metrics |= {"steps": pupil.steps, "hours": pupil.seconds / 3600}
                pupil.save(folder / f"{pupil.name}.ckpt", metrics)
                say(json.dumps({"network": pupil.name, "scenes": stream.made} | metrics))


def known_loss(flows: list[Tensor], label: Tensor, features: Tensor) -> Tensor:
    """Mean over levels, scenes and pixels of the Charbonnier error of the flow, each scene on the scale of its speed.

    Pixels with events count fully, others by `QUIET`.
    """
    seen = (features != 0).any(2, keepdim=True).to(label.dtype)
    speed = label.norm(dim=2, keepdim=True).mean((0, 2, 3, 4), keepdim=True)
    terms = []
    for level, flow in zip(reversed(range(len(flows))), flows, strict=True):
        wanted, busy = shrink(label, level) / 2**level, shrink(seen, level).clamp(max=1)
        weight = (QUIET + (1 - QUIET) * (busy > 0)) * 2**level / (SLOW + speed)
        terms.append((charbonnier(flow - wanted) * weight).mean())
    return torch.stack(terms).mean()


def learning_rate(step: int) -> float:
    """Rises over the warm-up, then falls with the root of the steps: good whenever the training is stopped."""
    return PEAK * min((step + 1) / WARM_UP, 1) / (1 + step / DECAY_STEPS) ** 0.5


def card_for(name: str) -> ModelCard:
    """What the network of that name is, before it has learned."""
    chosen = preprocessor(REPRESENTATION)
    arguments = chosen.arguments({})
    given = InputCard(
        chosen.channels(arguments), representation=REPRESENTATION, arguments=arguments,
        time_bin_us=BIN_US, any_time_bin=True, downsampling=DOWNSAMPLING,
    )  # fmt: skip
    return ModelCard("flow", ARCHITECTURE, dict(NETWORKS[name]), input=given)
