"""Flow learned without labels, in seconds of processor time: python -m tests.bench flow simulated|spinner|slider [s].

`simulated` compares it with a supervised run of the same length on recordings that neither has seen; `spinner` and
`slider` train on a real recording and compare with its known motion. One thread.

The angular speed of the spinner is the median over all of its events, none left out, of (x v - y u) / r^2: (u, v) is
the flow at the pixel of the event in the time bin of the event, (x, y) that pixel seen from the centre. It is the
constant angular speed with the least sum of absolute deviations: the few events of noise do not pull it.
"""

import math
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from wholefield.export.events import write_events_hdf5
from wholefield.export.flow import FlowFile, labels_path, write_flow_hdf5
from wholefield.flow.flow_network import FlowNetwork
from wholefield.flow.predictor import FlowPredictor
from wholefield.flow.scores.accuracy import flow_errors
from wholefield.flow.scores.sharpness import flow_warp_loss
from wholefield.flow.sequences.windows import max_consecutive_batches
from wholefield.flow.simulator import SceneSettings, simulate
from wholefield.flow.warping.events import Trajectory
from wholefield.sources.events.opening import open_recording
from wholefield.sources.events.recording import Recording
from wholefield.tasks.events.data import FlowData
from wholefield.tasks.events.model import build_flow, input_of
from wholefield.tasks.events.settings import FlowSettings, Teacher
from wholefield.tasks.events.train import batch_losses, card_for
from wholefield.training.schedule import learning_rate_factor
from wholefield.training.settings import Augmentation

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "events"
TRAINING, UNSEEN = range(10), range(100, 105)
# The spinner's known motion: rad per s, about (x, y) in px.
OMEGA, CENTRE = 121.8, (314.3, 202.3)
PROGRESS = 1000
EVERY = 90.0


def train(
    config: FlowSettings, seconds: float, watch: Callable[[FlowNetwork], str]
) -> tuple[FlowNetwork, int]:
    """Train as the task does, its schedule stretched over so many seconds of processor time; the network and steps."""
    torch.manual_seed(config.seed)
    data = FlowData(config)
    network = build_flow(card_for(config, data), config.loss_weights or {"l1": 1.0}).train()
    stretched = replace(config, epochs=1)
    losses, optimizer = batch_losses(config), torch.optim.AdamW(network.parameters())
    start, steps, epoch, shown = time.thread_time(), 0, 0, EVERY
    try:
        while True:
            data.training.max_consecutive = max_consecutive_batches(config.curriculum, epoch + 1)
            data.training.begin(epoch)
            epoch += 1
            for batch in data.training:
                spent = time.thread_time() - start
                if spent >= seconds:
                    return network.eval(), steps
                if spent > shown:
                    print(f"  {spent:4.0f} s, {steps} steps: {watch(network)}", flush=True)
                    shown, start = shown + EVERY, start + time.thread_time() - start - spent
                rate = learning_rate_factor(stretched, round(spent / seconds * PROGRESS), PROGRESS)
                for group in optimizer.param_groups:
                    group["lr"] = config.learning_rate * rate
                network.reset(batch["mask_keep_memory"])
                flows = [flow[:, batch["valid"]] for flow in network(batch["inputs"])]
                optimizer.zero_grad()
                torch.stack(list(losses(network, batch, flows).values())).sum().backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), config.gradient_clipping or math.inf)
                optimizer.step()
                steps += 1
    finally:
        data.close()


def flows_of(
    network: FlowNetwork, config: FlowSettings, recording: Recording, start: int = 0, end: int | None = None
) -> np.ndarray:
    """Flow (T, 2, H, W) in px per s of the time bins of a part of a recording."""
    data = FlowData(config)
    given = input_of(card_for(config, data))
    data.close()
    training = network.training
    network.reset()
    found = np.stack([flow for _, flow in FlowPredictor(network, given, recording).flows(start, end)])
    network.reset()
    network.train(training)
    return found


def write_simulated(folder: Path, seeds: range, settings: SceneSettings) -> None:
    """One recording with labels a seed."""
    for seed in seeds:
        events, labels = simulate(settings, seed)
        path = folder / f"{seed}.hdf5"
        write_events_hdf5(path, [events], settings.width, settings.height)
        shape = (len(labels), settings.height, settings.width)
        write_flow_hdf5(labels_path(path), labels, shape, settings.label_delta_us)


def error_of(network: FlowNetwork, config: FlowSettings, folder: Path) -> tuple[float, float]:
    """AEE in px per time bin over all pixels and bins of the recordings of a folder; and that over zero flow's."""
    errors, lengths = [], []
    for path in sorted(folder.glob("*.hdf5")):
        with open_recording(path) as recording, FlowFile(labels_path(path)) as labels:
            found = flows_of(network, config, recording) * (config.delta_t / 1e6)
            for index in range(min(len(found), len(labels))):
                truth = labels.read(index)
                errors.append(flow_errors(found[index], truth).aee)
                lengths.append(float(np.hypot(*truth).mean()))
    return float(np.mean(errors)), float(np.mean(errors) / np.mean(lengths))


def simulated(seconds: float = 600.0) -> None:
    """Self-supervised and supervised on the same recordings for the same time."""
    settings = SceneSettings()
    with tempfile.TemporaryDirectory() as name:
        seen, unseen = Path(name) / "seen", Path(name) / "unseen"
        for folder, seeds in ((seen, TRAINING), (unseen, UNSEEN)):
            folder.mkdir()
            write_simulated(folder, seeds, settings)
        for teacher in (Teacher.FRAMES, Teacher.LABELS):
            config = FlowSettings(
                recordings=seen,
                delta_t=settings.label_delta_us,
                num_tbins=5,
                crop_size=96,
                teacher=teacher,
                weight_data=1.0,
                validation_fraction=0.05,
            )
            network, steps = train(config, seconds, partial(_error_text, config=config, folder=unseen))
            how = "supervised" if teacher is Teacher.LABELS else "self-supervised"
            print(
                f"{how}, {steps} steps in {seconds:.0f} s, unseen recordings: {_error_text(network, config, unseen)}"
            )


def _error_text(network: FlowNetwork, config: FlowSettings, folder: Path) -> str:
    aee, ratio = error_of(network, config, folder)
    return f"AEE {aee:.3f} px a bin, {ratio:.3f} of zero flow's"


def spinner(seconds: float = 60.0) -> None:
    """The turning disc: sharpness of windows of 10 ms, and angular speed."""
    path = DATA / "spinner_evt2_640x480.raw"
    # Frames 1 ms apart match best at the true motion; deblurring alone is content with nine tenths of it. The disc has
    # no texture: on a halved sensor, smoothness reaches from its middle to its sides, along which frames say little.
    # The recording is one turn, each direction comes once: hardly any of it is kept from the training.
    config = FlowSettings(
        recordings=path,
        delta_t=1000,
        downsampling=1,
        num_tbins=4,
        crop_size=64,
        crops=20,
        augmentation=Augmentation.NONE,
        learning_rate=4e-3,
        weight_data=1.0,
        weight_time_consistency=1.0,
        weight_bw_deblur=0.0,
        weight_smoothness2=0.1,
        validation_fraction=0.02,
    )
    with open_recording(path) as recording:
        bins = -(-recording.duration_us // config.delta_t)
        known = rotation(recording.height, recording.width)[None].repeat(bins, 0)
        true_fwl, _ = spin(known, config, recording)

        def text(network: FlowNetwork) -> str:
            fwl, (low, typical, high) = spin(flows_of(network, config, recording), config, recording)
            return (
                f"FWL {fwl:.2f} ({true_fwl:.2f} by the known motion), {typical:.1f} rad/s, "
                f"{typical / OMEGA - 1:+.1%} of {OMEGA} (quartiles of the events {low:.0f} and {high:.0f})"
            )

        network, steps = train(config, seconds, text)
        print(f"spinner, {steps} steps in {seconds:.0f} s: {text(network)}")


def spin(
    flows: np.ndarray, config: FlowSettings, recording: Recording, window: int = 10_000
) -> tuple[float, np.ndarray]:
    """Mean FWL over windows, and the quartiles over all events of their angular speed in rad/s."""
    per = window // config.delta_t
    sharpness, turning = [], []
    for start in range(0, recording.duration_us - window + 1, window):
        events = recording.events(start, start + window)
        part = flows[start // config.delta_t :][:per]
        trajectory = Trajectory(start, config.delta_t, 2)
        sharpness.append(flow_warp_loss(events, part, start + window / 2, trajectory)[0])
        u, v = part[(events["t"] - start) // config.delta_t, :, events["y"], events["x"]].T
        x, y = events["x"] - CENTRE[0], events["y"] - CENTRE[1]
        turning.append((x * v - y * u) / (x**2 + y**2))
    return float(np.mean(sharpness)), np.percentile(np.concatenate(turning), (25, 50, 75))


def rotation(height: int, width: int) -> np.ndarray:
    """The known flow of the spinner, (2, H, W) in px per s."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return OMEGA * np.stack([CENTRE[1] - y, x - CENTRE[0]])


def slider(seconds: float = 60.0) -> None:
    """The camera on a slider: everything moves along the rows."""
    path = DATA / "slider_depth_240x180.txt"
    # 50,000 events are few: long time bins, and the loss that follows single events through several of them.
    config = FlowSettings(
        recordings=path,
        delta_t=40_000,
        num_tbins=3,
        crop_size=160,
        crops=100,
        augmentation=Augmentation.NONE,
        teacher=Teacher.CONTRAST,
        contrast_events=8000,
        weight_smoothness=0.02,
    )
    with open_recording(path) as recording:

        def text(network: FlowNetwork) -> str:
            angle, speed = heading(flows_of(network, config, recording), config, recording)
            return f"{speed:.0f} px/s, {angle:+.1f} degrees off the direction of -x"

        network, steps = train(config, seconds, text)
        print(f"slider, {steps} steps in {seconds:.0f} s: {text(network)}")


def heading(flows: np.ndarray, config: FlowSettings, recording: Recording) -> tuple[float, float]:
    """Angle in degrees between -x and the mean flow at the events, and the length of that in px per s."""
    events = recording.events(0, len(flows) * config.delta_t)
    u, v = flows[events["t"] // config.delta_t, :, events["y"], events["x"]].mean(0)
    return math.degrees(math.atan2(v, -u)), math.hypot(u, v)


if __name__ == "__main__":
    torch.set_num_threads(1)
    what, *numbers = sys.argv[1:] or ["simulated"]
    {"simulated": simulated, "spinner": spinner, "slider": slider}[what](*map(float, numbers))
