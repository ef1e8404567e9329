"""The score card of a flow: its scores beside those of zero flow and of the best single translation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError
from wholefield.flow.representations.grid import SECOND, Events
from wholefield.flow.scores.accuracy import FlowErrors, flow_errors
from wholefield.flow.scores.sharpness import ENOUGH_PX, flow_warp_loss, median_motion
from wholefield.flow.scores.translation import best_translation
from wholefield.flow.warping.events import Trajectory
from wholefield.progress import ProgressCallback

FlowField = npt.NDArray[np.floating[Any]]

ZERO = "zero flow"
TRANSLATION = "best translation"
# Midpoint steps per window: a straight line would leave fast rotation after a few degrees.
STEPS = 8


@dataclass(frozen=True)
class Score:
    """The scores of one flow.

    Attributes:
        name: What it is.
        fwl: Sharpness of the warped events over that of the unwarped ones; above 1 is sharper.
        leaving: Share of the events that leave the frame.
        errors: Displacement errors over the window, where the true flow is known.

    Example:
        >>> from wholefield.flow import Score
        >>> Score("network", fwl=1.8, leaving=0.02).fwl
        1.8
    """

    name: str
    fwl: float
    leaving: float
    errors: FlowErrors | None = None


@dataclass(frozen=True)
class ScoreCard:
    """Scores of a flow in one window.

    Attributes:
        start_us: When the window begins, in us.
        end_us: When it ends, in us.
        events: Number of events in it.
        motion_px: Median displacement of the events in the window, in px, by the flow or the best translation,
            whichever is longer.
        translation: The best single translation (u, v) in px per s.
        scores: Of the flow, the best single translation and zero flow.

    Example:
        >>> from wholefield.flow import Score, ScoreCard
        >>> card = ScoreCard(0, 50_000, 1000, 8.0, (120.0, 0.0), (Score("network", 1.8, 0.02),))
        >>> print(card.text())
                  FWL  leaving
        network  1.80    2.0 %
        1,000 events from 0 to 50 ms; median motion 8.0 px; best translation (120, 0) px/s
    """

    start_us: int
    end_us: int
    events: int
    motion_px: float
    translation: tuple[float, float]
    scores: tuple[Score, ...]

    @property
    def enough_motion(self) -> bool:
        """Whether things move far enough in the window for FWL to rank flows."""
        return self.motion_px >= ENOUGH_PX

    @property
    def flow(self) -> Score:
        """The scores of the flow itself."""
        return self.scores[0]

    def text(self) -> str:
        """The card as a text table."""
        known = any(score.errors for score in self.scores)
        head = ["", "FWL", "leaving", *(["AEE px", "%3PE", "AAE deg", "AEE/zero"] if known else [])]
        rows = [head, *(_cells(score) for score in self.scores)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                [
                    row[0].ljust(widths[0]),
                    *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True)),
                ]
            )
            for row in rows
        ]
        u, v = self.translation
        lines.append(
            f"{self.events:,} events from {self.start_us / 1000:g} to {self.end_us / 1000:g} ms; "
            f"median motion {self.motion_px:.1f} px; best translation ({u:.0f}, {v:.0f}) px/s"
        )
        if not self.enough_motion:
            lines.append(
                f"Motion in this window is below {ENOUGH_PX:g} px, so FWL does not rank flows: "
                "choose a longer one."
            )
        return "\n".join(lines)


def score_flow(
    events: Events,
    flow: FlowField,
    start_us: int,
    end_us: int,
    truth: FlowField | None = None,
    valid: npt.NDArray[np.bool_] | None = None,
    name: str = "flow",
    trajectory: Trajectory | None = None,
    progress: ProgressCallback | None = None,
) -> ScoreCard:
    """Score a flow in a window, next to the best single translation and zero flow.

    Args:
        events: Structured events; those outside the window are left out.
        flow: float (2, H, W) in px per s, x first, or (T, 2, H, W) for T equal parts of the window.
        start_us: When the window begins, in us.
        end_us: When it ends, in us.
        truth: The true flow in px per s, (2, H, W), where it is known.
        valid: bool (H, W), where the true flow is compared; where there are events if None.
        name: The name of the flow on the card.
        trajectory: How events move; along the field of the T parts if None.
        progress: See `best_translation`.

    Returns:
        The card.

    Raises:
        SettingError: The window is empty, or shapes differ.

    Example:
        >>> from wholefield.flow import SceneSettings, score_flow, simulate
        >>> scene = SceneSettings(width=32, height=24, duration_us=20_000, planes=1)
        >>> events, labels = simulate(scene)
        >>> card = score_flow(events, labels[0] / 0.02, 0, 20_000, truth=labels[0] / 0.02)
        >>> [score.name for score in card.scores]
        ['flow', 'best translation', 'zero flow']
        >>> card.flow.errors.aee
        0.0
    """
    shape = int(flow.shape[-2]), int(flow.shape[-1])
    events = _events_of(events, start_us, end_us, shape)
    span = end_us - start_us
    parts = len(flow) if flow.ndim == 4 else 1
    trajectory = trajectory or Trajectory(start_us, span / parts, max(1, STEPS // parts))
    mean = flow.mean(axis=0) if flow.ndim == 4 else flow
    translation = best_translation(events, shape, start_us, end_us, progress=progress)
    constant = np.broadcast_to(np.array(translation)[:, None, None], (2, *shape))
    known = _seen(events, shape) if valid is None else valid

    def score(title: str, field: FlowField, average: FlowField) -> Score:
        fwl, leaving = flow_warp_loss(events, field, (start_us + end_us) / 2, trajectory)
        seconds = span / SECOND
        if truth is None or not known.any():
            return Score(title, fwl, leaving)
        return Score(title, fwl, leaving, flow_errors(average * seconds, truth * seconds, known))

    scores = (
        score(name, flow, mean),
        score(TRANSLATION, constant, constant),
        score(ZERO, np.zeros((2, *shape)), np.zeros((2, *shape))),
    )
    motion = max(median_motion(events, field, span) for field in (mean, constant))
    return ScoreCard(
        start_us=start_us,
        end_us=end_us,
        events=len(events),
        motion_px=motion,
        translation=translation,
        scores=scores,
    )


def _events_of(events: Events, start_us: int, end_us: int, shape: tuple[int, int]) -> Events:
    """The events of the window, all of which the flow must cover."""
    if end_us <= start_us:
        raise SettingError(f"The window from {start_us} to {end_us} us is empty; let it end after it begins.")
    events = events[(events["t"] >= start_us) & (events["t"] < end_us)]
    if len(events) and (events["x"].max() >= shape[1] or events["y"].max() >= shape[0]):
        raise SettingError(
            f"The flow has {shape[1]} x {shape[0]} px, but some events lie outside it; use flow at sensor size."
        )
    return events


def _seen(events: Events, shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """(H, W), the pixels with events."""
    seen = np.zeros(shape, bool)
    seen[events["y"], events["x"]] = True
    return seen


def _cells(score: Score) -> list[str]:
    cells = [score.name, f"{score.fwl:.2f}", f"{100 * score.leaving:.1f} %"]
    if score.errors:
        errors = score.errors
        cells += [
            f"{errors.aee:.2f}",
            f"{100 * errors.outliers:.1f}",
            f"{errors.aae:.1f}",
            f"{errors.of_zero:.2f}",
        ]
    return cells
