"""One table of the formats whose files are volumes and nothing else: how they begin, how they end, who opens them."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wholefield.sources.stacks.stack import StackSource

GZIP_SIGNATURE = b"\x1f\x8b"


@dataclass(frozen=True)
class VolumeFormat:
    """One row: a format that holds one volume in a file.

    Attributes:
        name: What the format is called.
        suffixes: How names of such files end; for the filters of dialogs.
        detect: Whether a file of this path that begins with these bytes (the first kB) has the format.
        opener: `module:function` that opens it; named, because readers take long to import.
    """

    name: str
    suffixes: tuple[str, ...]
    detect: Callable[[Path, bytes], bool]
    opener: str

    def open(self, path: Path) -> StackSource:
        """Open a file of this format.

        Raises:
            SourceError: It is damaged, or has something that is not read.
        """
        module, function = self.opener.split(":")
        opener: Callable[[Path], StackSource] = getattr(import_module(module), function)
        return opener(path)


def is_nrrd(path: Path, head: bytes) -> bool:
    """Whether a file is NRRD, of any version, with its voxels inside or detached."""
    return head.startswith(b"NRRD000")


def is_nifti(path: Path, head: bytes) -> bool:
    """Whether a file is NIfTI, version 1 or 2, plain or gzipped."""
    if head.startswith(GZIP_SIGNATURE):
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head)
        except zlib.error:
            return False
    return head[344:348] in (b"n+1\0", b"ni1\0") or head[4:8] in (b"n+2\0", b"ni2\0")


def is_meta_image(path: Path, head: bytes) -> bool:
    """Whether a file is a MetaImage; it has no signature but lines such as `NDims = 3`."""
    return path.suffix.lower() in (".mha", ".mhd") and b"NDims" in head


VOLUMES = (
    VolumeFormat("NRRD", (".nrrd", ".nhdr"), is_nrrd, "wholefield.sources.stacks.nrrd:open_nrrd"),
    VolumeFormat(
        "NIfTI", (".nii", ".nii.gz", ".hdr"), is_nifti, "wholefield.sources.stacks.nifti:open_nifti"
    ),
    VolumeFormat(
        "MetaImage", (".mha", ".mhd"), is_meta_image, "wholefield.sources.stacks.meta_image:open_meta_image"
    ),
)

STACK_SUFFIXES = (
    ".tif", ".tiff", ".dcm", *(suffix for format in VOLUMES for suffix in format.suffixes), ".h5", ".hdf5", ".hdf",
    ".nxs", ".nx5", ".zarr", ".zip",
)  # fmt: skip


def volume_format(path: Path, head: bytes) -> VolumeFormat | None:
    """The format of a file that begins with these bytes, or None where it is none of the table."""
    return next((format for format in VOLUMES if format.detect(path, head)), None)
