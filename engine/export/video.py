"""Videos: pictures of one size, encoded as they come."""

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from engine.errors import SettingError

Picture = npt.NDArray[np.uint8]

# H.264 at 4:2:0 stores colour for squares of two by two pixels.
EVEN = 2
# Visually lossless for drawn lines and single bright pixels.
QUALITY = "18"


class VideoWriter:
    """Writes an MP4 file with H.264, picture by picture; what was written is playable once closed.

    A picture of odd size is extended by its last row or column, for the format knows only even sizes.

    Args:
        path: The file; whoever needs it whole or absent gives a temporary one (`engine.files.replacing`).
        width: Columns of every picture in px.
        height: Rows of every picture in px.
        fps: Pictures a second.

    Raises:
        SettingError: A size or the rate is not above 0.
    """

    def __init__(self, path: Path, width: int, height: int, fps: float = 25) -> None:
        if min(width, height, fps) <= 0:
            raise SettingError(
                f"A video of {width} x {height} px at {fps:g} fps cannot be; all must be above 0."
            )
        import av

        self._size = (height, width)
        self._container: Any = av.open(str(path), "w", format="mp4")
        self._stream = self._container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        self._stream.width, self._stream.height = width + width % EVEN, height + height % EVEN
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": QUALITY, "preset": "veryfast"}

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
