"""Whole videos: every format is read back, and what was stopped is playable under a name of its own."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from wholefield.errors import SettingError
from wholefield.export.video import AVI, MP4, VideoFormat, unfinished_path, video_format, write_video

WIDTH, HEIGHT = 64, 48


def pictures(count: int) -> Iterator[np.ndarray]:
    for index in range(count):
        image = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
        image[:, 4 * index : 4 * index + 8] = (220, 180, 60)
        yield image


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize("kind", [MP4, AVI], ids=lambda kind: kind.container)
def test_every_format_is_read_back(tmp_path: Path, kind: VideoFormat) -> None:
    told: list[tuple[int, int]] = []
    path = write_video(
        tmp_path / "a.video", pictures(6), 6, 12.5, lambda done, count: told.append((done, count)), kind
    )
    assert path == tmp_path / f"a{kind.suffix}"
    assert told == [(n, 6) for n in range(1, 7)]
    frames = decoded(path)
    assert len(frames) == 6
    for frame, wanted in zip(frames, pictures(6), strict=True):
        assert np.abs(frame.astype(float) - wanted).mean() < 6
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert float(stream.average_rate) == 12.5
    assert sorted(tmp_path.iterdir()) == [path]


def test_what_was_stopped_is_playable_and_an_older_video_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write_video(path, pictures(2), 2, 20, kind=MP4)
    before = path.read_bytes()

    def stop(done: int, count: int) -> None:
        if done == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write_video(path, pictures(6), 6, 20, stop, MP4)
    assert path.read_bytes() == before
    assert len(decoded(unfinished_path(path))) == 3
    assert {file.name for file in tmp_path.iterdir()} == {"a.mp4", "a-unfinished.mp4"}


def test_a_video_without_pictures_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="no frames"):
        write_video(tmp_path / "a.mp4", iter(()), 0, 20)

    def broken() -> Iterator[np.ndarray]:
        yield from ()
        raise SettingError("cannot be drawn")

    with pytest.raises(SettingError, match="cannot be drawn"):
        write_video(tmp_path / "a.mp4", broken(), 1, 20)
    assert not list(tmp_path.iterdir())


def test_motion_jpeg_is_taken_where_h264_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert video_format() is MP4
    monkeypatch.setattr(av, "codecs_available", {"mjpeg"})
    assert video_format() is AVI
