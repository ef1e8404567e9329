"""Videos: pictures of one size, encoded as they come."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from wholefield.errors import SettingError
from wholefield.files import replacing
from wholefield.progress import ProgressCallback

Picture = npt.NDArray[np.uint8]

# Color is stored for squares of two by two pixels.
EVEN = 2
UNFINISHED = "-unfinished"


@dataclass(frozen=True)
class VideoFormat:
    """How a video is encoded.

    Attributes:
        title: What a user reads.
        suffix: Of the file.
        container: Name of the container.
        encoder: Name of the encoder.
        pixels: Name of its pixel format.
        options: Of the encoder; they make drawn lines and single bright pixels look lossless.
    """

    title: str
    suffix: str
    container: str
    encoder: str
    pixels: str
    options: Mapping[str, str] = field(default_factory=dict)


MP4 = VideoFormat("MP4, H.264", ".mp4", "mp4", "libx264", "yuv420p", {"crf": "18", "preset": "veryfast"})
AVI = VideoFormat("AVI, Motion JPEG", ".avi", "avi", "mjpeg", "yuvj420p", {"qmin": "2", "qmax": "3"})


def video_format() -> VideoFormat:
    """The format that this installation writes: H.264, or Motion JPEG where its encoder is missing."""
    import av

    return MP4 if MP4.encoder in av.codecs_available else AVI


class VideoWriter:
    """Writes a video picture by picture; what was written is playable once closed.

    A picture of odd size is extended by its last row or column, for the formats know only even sizes.

    Args:
        path: The file; callers that need it whole or absent give a temporary one (`wholefield.files.replacing`).
        width: Columns of every picture in px.
        height: Rows of every picture in px.
        fps: Frames per second.
        kind: The format; the best that can be written when None.

    Raises:
        SettingError: A size or the rate is not above 0.
    """

    def __init__(
        self, path: Path, width: int, height: int, fps: float = 25, kind: VideoFormat | None = None
    ) -> None:
        if min(width, height, fps) <= 0:
            raise SettingError(
                f"A video of {width} x {height} px at {fps:g} fps is not possible; all must be above 0."
            )
        import av

        kind = kind or video_format()
        self._size = (height, width)
        self._container: Any = av.open(str(path), "w", format=kind.container)
        self._stream = self._container.add_stream(kind.encoder, rate=Fraction(fps).limit_denominator(1001))
        self._stream.width, self._stream.height = width + width % EVEN, height + height % EVEN
        self._stream.pix_fmt = kind.pixels
        self._stream.options = dict(kind.options)

    def write(self, picture: Picture) -> None:
        """Add an RGB picture, uint8 (height, width, 3).

        Raises:
            SettingError: it has another size.
        """
        if picture.shape != (*self._size, 3):
            raise SettingError(f"A picture of shape {picture.shape} does not fit a video of {self._size} px.")
        import av

        height, width = self._size
        even = np.pad(picture, ((0, height % EVEN), (0, width % EVEN), (0, 0)), mode="edge")
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what the encoder still holds, and close the file. Closing twice is harmless."""
        if self._container is not None:
            self._container.mux(self._stream.encode())
            self._container.close()
            self._container = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def write_video(
    path: Path,
    pictures: Iterable[Picture],
    count: int,
    fps: float,
    progress: ProgressCallback | None = None,
    kind: VideoFormat | None = None,
) -> Path:
    """Write a whole video, taking one picture at a time.

    Where an error ends it early, also one that `progress` raises to stop, what was written by then is kept as a
    playable file of its own (`unfinished_path`), and a video that was at `path` stays.

    Args:
        path: The file; its suffix becomes that of the format.
        pictures: RGB, uint8 (height, width, 3), all of one size.
        count: How many are announced to `progress`.
        fps: Frames per second.
        progress: Called after each frame with the number of frames done and in total.
        kind: The format; the best that can be written when None.

    Returns:
        The file that was written.

    Raises:
        SettingError: There is no picture, sizes differ, or the rate is not above 0.
        OSError: The file cannot be written.
    """
    kind = kind or video_format()
    target = path.with_suffix(kind.suffix)
    unfinished = unfinished_path(target)
    with replacing(unfinished) as temporary:
        stopped = _write(temporary, pictures, count, fps, progress, kind)
    if stopped is not None:
        raise stopped
    os.replace(unfinished, target)
    return target


def unfinished_path(path: Path) -> Path:
    """Where the part of a video lies that was written before it was stopped."""
    return path.with_name(f"{path.stem}{UNFINISHED}{path.suffix}")


def _write(
    path: Path,
    pictures: Iterable[Picture],
    count: int,
    fps: float,
    progress: ProgressCallback | None,
    kind: VideoFormat,
) -> Exception | None:
    """Write until the end or an error, which is returned where a picture was written, and raised otherwise."""
    writer: VideoWriter | None = None
    done = 0
    try:
        for picture in pictures:
            if writer is None:
                writer = VideoWriter(path, picture.shape[1], picture.shape[0], fps, kind)
            writer.write(picture)
            done += 1
            if progress:
                progress(done, count)
    except Exception as error:  # whatever it is, the pictures before it are worth keeping
        if done == 0:
            raise
        return error
    finally:
        if writer is not None:
            writer.close()
    if done == 0:
        raise SettingError(f"{path.name}: there are no frames to write; choose a longer range.")
    return None
