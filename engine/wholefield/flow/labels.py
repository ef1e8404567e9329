"""Known flow for the time bins of a batch, read from the file beside a recording."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import map_coordinates
from torch import Tensor

from wholefield.errors import SettingError
from wholefield.export.flow import FlowFile, labels_path
from wholefield.flow.pyramid import shrink
from wholefield.flow.sequences.bins import halvings
from wholefield.flow.sequences.loader import FileMetadata

Flow = npt.NDArray[np.float32]


def load_labels_flow(
    metadata: FileMetadata, start_time: int, duration: int, tensor: Tensor
) -> tuple[list[Tensor], npt.NDArray[np.bool_]]:
    """Flow of every time bin of a tensor of features, from NAME_flow.h5 beside NAME_td.dat, NAME.raw or any other.

    Args:
        metadata: The recording.
        start_time: When the first bin begins, in us.
        duration: Length of all bins in us.
        tensor: Their features (T, C, h, w), of the sensor or a part of it that begins at no offset.

    Returns:
        The labels, T tensors float32 (2, h, w) in px of the features per time bin; and which bins have one, bool (T,).
        A bin that the file does not fully cover has none, and zeros in its place.

    Raises:
        SourceError: There is no such file, or it cannot be read.
        SettingError: Its flow does not fit the recording.

    Example:
        >>> import numpy as np, torch
        >>> from wholefield.export.flow import write_flow_hdf5
        >>> from wholefield.flow import load_labels_flow
        >>> from wholefield.flow.sequences import FileMetadata
        >>> write_flow_hdf5("car_flow.h5", np.ones((3, 2, 24, 32), np.float32), (3, 24, 32), 10_000)
        >>> recording = FileMetadata("car_td.dat", delta_t=10_000, width=32, height=24)
        >>> labels, covered = load_labels_flow(recording, 10_000, 30_000, torch.zeros(3, 6, 24, 32))
        >>> covered
        array([ True,  True, False])
        >>> float(labels[0].mean())
        1.0
    """
    bins = tensor.shape[0]
    step = duration // bins
    labels, covered = [], np.zeros(bins, bool)
    with FlowFile(labels_path(metadata.path)) as file:
        size = metadata.height, metadata.width
        factor = _halvings(file, size)
        for index in range(bins):
            start = start_time + index * step
            covered[index] = start + step <= len(file) * file.delta_t
            flow = (
                displacement(file, start, start + step)
                if covered[index]
                else np.zeros((2, *size), np.float32)
            )
            found = torch.from_numpy(flow)
            labels.append(shrink(found[None, None], factor)[0, 0] / 2**factor if covered[index] else found)
    return labels, covered


def displacement(file: FlowFile, start: int, end: int) -> Flow:
    """How far what a pixel shows at one moment has moved at a later one: float32 (2, H, W) in px.

    The rows of the file are followed one after the other, each from the position that was reached; a row that the
    moments lie within counts in part.

    Args:
        file: Flow in rows of equal length.
        start: In us.
        end: In us, within the file.

    Returns:
        The displacements, x first.
    """
    _, _, height, width = file.shape
    places = np.indices((height, width), np.float64)[::-1].copy()
    moved = np.zeros((2, height, width))
    for row in range(start // file.delta_t, -(-end // file.delta_t)):
        begin, stop = max(start, row * file.delta_t), min(end, (row + 1) * file.delta_t)
        share = (stop - begin) / file.delta_t
        x, y = places + moved
        moved += share * np.stack(
            [map_coordinates(part, [y, x], order=1, mode="nearest") for part in file.read(row)]
        )
    return moved.astype(np.float32)


def _halvings(file: FlowFile, size: tuple[int, int]) -> int:
    try:
        return halvings(file.shape[2], file.shape[3], size)
    except SettingError:
        raise SettingError(
            f"{Path(file.path).name} has flow of {file.shape[3]} x {file.shape[2]} px, which does not fit features of "
            f"{size[1]} x {size[0]} px; choose the labels of this recording."
        ) from None
