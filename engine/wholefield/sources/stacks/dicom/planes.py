"""One decoded plane of a DICOM file, with sentences for what can go wrong."""

from __future__ import annotations

from wholefield.errors import SourceError
from wholefield.sources.dicom.frames import read_frame
from wholefield.sources.dicom.layout import UnsupportedError
from wholefield.sources.reading import damaged
from wholefield.sources.stacks.dicom.headers import DicomFile
from wholefield.sources.stacks.dicom.slices import Slice
from wholefield.sources.stacks.stack import AnyArray


def plane_of(file: DicomFile, each: Slice) -> AnyArray:
    """Values of one slice before they are rescaled.

    Raises:
        SourceError: The file is damaged, has disappeared or has changed since its header was read.
    """
    layout = file.layout
    assert layout is not None
    try:
        stat = each.path.stat()
        if (stat.st_size, stat.st_mtime_ns) != file.state:
            raise SourceError(f"{each.path} has changed since the series was opened; open it again.")
        return read_frame(each.path, layout, each.frame)
    except FileNotFoundError as error:
        raise SourceError(
            f"{each.path} has disappeared since the series was opened; open it again."
        ) from error
    except UnsupportedError as error:
        raise SourceError(f"{each.path} cannot be shown: {error}") from error
    except SourceError:
        raise
    except Exception as error:  # damaged pixels raise errors of many kinds
        raise damaged(each.path, error) from error
