"""Videos are read back: frames, size, duration, pictures."""

from pathlib import Path

import av
import numpy as np
import pytest

from wholefield.errors import SettingError
from wholefield.export.video import VideoWriter


def picture(index: int, width: int, height: int) -> np.ndarray:
    image = np.full((height, width, 3), 40, np.uint8)
    image[:, 4 * index : 4 * index + 8] = (220, 180, 60)
    return image


@pytest.mark.parametrize(("width", "height"), [(64, 48), (63, 47)])
def test_what_is_written_is_read_back(tmp_path: Path, width: int, height: int) -> None:
    path = tmp_path / "video.mp4"
    with VideoWriter(path, width, height, fps=20) as writer:
        for index in range(10):
            writer.write(picture(index, width, height))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert (stream.width, stream.height) == (64, 48)
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        assert float(stream.duration * stream.time_base) == pytest.approx(0.5, abs=0.051)
    assert len(frames) == 10
    for index, frame in enumerate(frames):
        error = np.abs(frame[:height, :width].astype(float) - picture(index, width, height))
        assert error.mean() < 6


def test_what_was_written_before_an_error_is_playable(tmp_path: Path) -> None:
    path = tmp_path / "cut.mp4"
    writer = VideoWriter(path, 32, 32)

    def fail() -> None:
        with writer:
            writer.write(picture(0, 32, 32))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with av.open(str(path)) as container:
        assert len(list(container.decode(video=0))) == 1
    writer.close()


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="must be above 0"):
        VideoWriter(tmp_path / "a.mp4", 0, 10)
    with VideoWriter(tmp_path / "b.mp4", 32, 32) as writer:
        writer.write(picture(0, 32, 32))
        with pytest.raises(SettingError, match="does not fit"):
            writer.write(picture(0, 30, 32))
