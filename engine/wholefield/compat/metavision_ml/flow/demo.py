"""Demo videos: the flow that a network finds on some batches, drawn over their events."""

import math
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from wholefield.errors import SettingError
from wholefield.export.video import VideoWriter
from wholefield.files import replacing
from wholefield.flow.representations import preprocessor
from wholefield.flow.viz.colors import Picture
from wholefield.flow.viz.grid import draw_flow_on_grid

FPS = 20


def demo_frames(
    model: Any, batches: Iterable[Any], num_batches: int, mask_by_input: bool
) -> Iterator[Picture]:
    """RGB images of the first batches, one for every time bin, their elements side by side.

    The network is in evaluation mode meanwhile, and its state is cleared before and after.

    Args:
        model: A `FlowModel`.
        batches: Batches from a loader.
        num_batches: Batches at most.
        mask_by_input: Whether flow is shown only where there are events.

    Yields:
        uint8 RGB (height, width, 3).
    """
    make_image = preprocessor(model.hparams["preprocess"]).visualize
    was_training = model.training
    model.eval()
    model.network.reset()
    try:
        for batch in islice(batches, num_batches):
            model.network.reset(batch["mask_keep_memory"])
            inputs = batch["inputs"].to(model.device)
            grid = _grid(inputs.shape)
            yield from draw_flow_on_grid(
                inputs,
                model(inputs),
                grid,
                make_image,
                mask_by_input=mask_by_input,
                draw_dense=model.hparams["draw_dense"],
            )
    finally:
        model.network.reset()
        model.train(was_training)


def video_file(log_dir: Path, epoch: int) -> Path:
    """Where the demo video of an epoch goes."""
    return log_dir / "videos" / f"video#{epoch}.mp4"


def write_demo(frames: Iterator[Picture], path: Path | None, show: bool, delta_t: int) -> None:
    """Write the images to a video, show them in a window of OpenCV, or both.

    Raises:
        SettingError: There is no image, or this build of OpenCV has no windows.
    """
    with ExitStack() as stack:
        writer: VideoWriter | None = None
        for frame in frames:
            if path is not None and writer is None:
                path.parent.mkdir(parents=True, exist_ok=True)
                temporary = stack.enter_context(replacing(path))
                writer = stack.enter_context(VideoWriter(temporary, frame.shape[1], frame.shape[0], FPS))
            if writer is not None:
                writer.write(frame)
            if show:
                _show(frame, delta_t)
        if path is not None and writer is None:
            raise SettingError("There is no batch for a demo video; use longer recordings.")


def _show(frame: Picture, delta_t: int) -> None:
    import cv2

    try:
        cv2.imshow("flow", frame[..., ::-1])
        cv2.waitKey(max(delta_t // 1000, 1))
    except cv2.error as error:
        raise SettingError(
            "The setting show_video needs an OpenCV build with windows; write the video instead."
        ) from error


def _grid(shape: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    bins, elements, _, height, width = shape
    columns = math.ceil(math.sqrt(elements))
    return np.zeros((bins, math.ceil(elements / columns) * height, columns * width, 3), np.uint8)
