"""The table of all formats: every row names a format, recognizes its files, and says who reads them.

The first row that recognizes a file decides what it is, so rows that look closer stand before those that take more. A
further format is one row here, or one in another package: its entry point of the group `wholefield.formats` names a
`Format` or a tuple of them. Formats that are known and not read have rows too, with the sentence that refuses them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from wholefield.sources.format import Format
from wholefield.sources.kinds import Kind
from wholefield.sources.model_files import (
    is_exported,
    is_nnunet,
    is_onnx,
    is_safetensors,
    is_torch,
)
from wholefield.sources.signatures import (
    AEDAT4_SIGNATURE,
    OLE_SIGNATURE,
    ZIP_SIGNATURE,
    Detect,
    asked,
    begins,
    both,
    ends,
    is_bag,
    is_bmp,
    is_dicom_segmentation,
    is_dicom_slide,
    is_dicom_stack,
    is_event_text,
    is_hdf5,
    is_jaer,
    is_jpeg_2000,
    is_meta_image,
    is_nifti,
    is_nrrd,
    is_prophesee_dat,
    is_prophesee_raw,
    is_tiff,
    is_webp,
)
from wholefield.sources.unread import LOOKALIKES, UNREAD

READERS = "wholefield.sources.stacks.formats"
STACK = "wholefield.sources.stacks.opening:stack_questions"
ENTRY_POINTS = "wholefield.formats"
TIFF_SUFFIXES = (".tif", ".tiff")
ZARR_SUFFIXES = (".zarr", ".zip")
PICTURE = "wholefield.sources.slides.picture:open_picture"
PICTURE_ASKS = "wholefield.sources.slides.picture:picture_questions"

log = logging.getLogger(__name__)

RECORDINGS = (
    Format(
        "AEDAT4", Kind.RECORDING, (".aedat4",), begins(AEDAT4_SIGNATURE),
        "wholefield.sources.events.formats.aedat4:open_aedat4",
        asks="wholefield.sources.events.formats.aedat4:ask_aedat4", about="recordings of DV, iniVation",
    ),
    Format(
        "AEDAT 3", Kind.RECORDING, (".aedat",), begins(b"#!AER-DAT3"),
        "wholefield.sources.events.formats.aedat3:open_aedat3", about="recordings of cAER",
    ),
    Format(
        "jAER AEDAT", Kind.RECORDING, (".aedat",), is_jaer,
        "wholefield.sources.events.formats.jaer:open_jaer",
        asks="wholefield.sources.events.formats.jaer:ask_jaer", about="versions 1 and 2 of DVS128 and DAVIS",
    ),
    Format(
        "Event Stream", Kind.RECORDING, (".es",), begins(b"Event Stream"),
        "wholefield.sources.events.formats.event_stream:open_event_stream", about="DVS, ATIS and color, version 2",
    ),
    Format(
        "ROS bag", Kind.RECORDING, (".bag", ".mcap", ".db3"), is_bag,
        "wholefield.sources.events.formats.rosbag:open_bag", asks="wholefield.sources.events.formats.rosbag:ask_bag",
        about="events of dvs_msgs and event_camera_msgs, ROS 1 and 2; needs the extra `ros`",
    ),
    Format(
        "N-MNIST", Kind.RECORDING, (".bin",),
        both(ends(".bin"), asked("wholefield.sources.events.formats.nmnist:is_nmnist")),
        "wholefield.sources.events.formats.nmnist:open_nmnist", about="N-MNIST and N-Caltech101",
    ),
    Format(
        "Prophesee DAT", Kind.RECORDING, (".dat",), is_prophesee_dat,
        "wholefield.sources.events.raw:open_dat", asks="wholefield.sources.events.raw:ask_size",
        exporter="wholefield.export.dat:write_dat", about="events as 64-bit words",
    ),
    Format(
        "Prophesee RAW", Kind.RECORDING, (".raw",), is_prophesee_raw,
        "wholefield.sources.events.raw:open_raw", asks="wholefield.sources.events.raw:ask_size",
        about="EVT2, EVT2.1 and EVT3",
    ),
    Format(
        "RAW or DAT without a header", Kind.RECORDING, (),
        both(ends(".raw", ".dat"), asked("wholefield.sources.events.formats.headless:plausible_encodings")),
        "wholefield.sources.events.formats.headless:open_headless",
        asks="wholefield.sources.events.formats.headless:ask_headless",
        about="its encoding and sensor size are asked for",
    ),
    Format(
        "HDF5 events", Kind.RECORDING, (".h5", ".hdf5"),
        both(is_hdf5, asked("wholefield.sources.events.tables.hdf5:layout_of")),
        "wholefield.sources.events.tables.hdf5:open_hdf5", asks="wholefield.sources.events.tables.hdf5:ask_hdf5",
        exporter="wholefield.export.events:write_events_hdf5",
        about="Prophesee, DSEC, MVSEC, and columns or tables of events under any name",
    ),
    Format(
        "NumPy archive of events", Kind.RECORDING, (".npz",),
        both(
            both(begins(ZIP_SIGNATURE), ends(".npz")), asked("wholefield.sources.events.tables.arrays:is_event_archive")
        ),
        "wholefield.sources.events.tables.arrays:open_npz", asks="wholefield.sources.events.tables.arrays:ask_npz",
        about="arrays x, y, t, p, or a table of them in any order and unit",
    ),
    Format(
        "NumPy array of events", Kind.RECORDING, (".npy",),
        both(begins(b"\x93NUMPY"), asked("wholefield.sources.events.tables.arrays:is_event_array")),
        "wholefield.sources.events.tables.arrays:open_npy", asks="wholefield.sources.events.tables.arrays:ask_npy",
        about="a table of x, y, t, p in any order and unit",
    ),
    Format(
        "Text or CSV of events", Kind.RECORDING, (".txt", ".csv", ".tsv"), is_event_text,
        "wholefield.sources.events.tables.text:open_text", asks="wholefield.sources.events.tables.text:ask_text",
        about="a line per event, in any order of columns, unit and separator",
    ),
)  # fmt: skip

DICOM = (
    Format(
        "DICOM whole slide", Kind.IMAGE, (".dcm",), is_dicom_slide,
        "wholefield.sources.slides.dicom.slide:open_dicom_slide",
        about="a file, or the folder of a series; 8 to 32 bits, JPEG, JPEG-LS, JPEG 2000, RLE",
    ),
    Format(
        "DICOM segmentation of a slide", Kind.IMAGE, (".dcm",),
        is_dicom_segmentation,
        "wholefield.sources.slides.dicom.segmentation:open_segmentation", about="numbers of its classes",
    ),
    Format(
        "DICOM", Kind.STACK, (".dcm",), is_dicom_stack,
        "wholefield.sources.stacks.dicom.opening:open_dicom",
        asks="wholefield.sources.stacks.dicom.opening:dicom_questions",
        about="a file, a folder with subfolders, or a DICOMDIR; several series and times",
    ),
)  # fmt: skip

TIFFS = (
    Format(
        "TIFF stack", Kind.STACK, TIFF_SUFFIXES, both(is_tiff, asked(f"{READERS}.tiff:is_tiff_stack")),
        f"{READERS}.tiff:open_tiff_stack", asks=STACK,
        exporter="wholefield.export.stacks:write_tiff_stack", about="several equal pages; OME-TIFF and ImageJ too",
    ),
    Format(
        "Scanner TIFF", Kind.IMAGE, (".ndpi", ".scn", ".bif", ".svs", *TIFF_SUFFIXES),
        both(is_tiff, asked("wholefield.sources.slides.slide:needs_openslide")),
        "wholefield.sources.slides.slide:open_slide",
        about="Hamamatsu, Leica, Philips, Trestle, Ventana; Aperio with JPEG 2000 in YCbCr",
    ),
    Format(
        "TIFF", Kind.IMAGE, (".svs", ".qptiff", *TIFF_SUFFIXES), is_tiff,
        "wholefield.sources.slides.tiff.source:open_tiff", asks="wholefield.sources.slides.tiff.source:tiff_questions",
        exporter="wholefield.export.pyramid:write_pyramid",
        about="pictures and pyramids; OME-TIFF, QPTIFF and Aperio SVS too",
    ),
    Format(
        "TIFF page", Kind.STACK, (), is_tiff, f"{READERS}.tiff:open_tiff_stack",
        about="a picture opened as a stack of one slice",
    ),
)  # fmt: skip

SLIDES = (
    # A MIRAX slide begins with a JPEG of its own overview.
    Format("MIRAX", Kind.IMAGE, (".mrxs",), ends(".mrxs"), "wholefield.sources.slides.slide:open_mirax"),
    Format("PNG", Kind.IMAGE, (".png",), begins(b"\x89PNG\r\n\x1a\n"), PICTURE, PICTURE_ASKS),
    Format(
        "JPEG", Kind.IMAGE, (".jpg", ".jpeg", ".jls"), begins(b"\xff\xd8\xff"), PICTURE,
        about="gray, color and inks of 8 to 16 bits; JPEG-LS too",
    ),
    Format("BMP", Kind.IMAGE, (".bmp", ".dib"), is_bmp, PICTURE, PICTURE_ASKS),
    Format(
        "GIF", Kind.IMAGE, (".gif",), begins(b"GIF87a", b"GIF89a"), PICTURE, PICTURE_ASKS, about="its first picture",
    ),
    Format("WebP", Kind.IMAGE, (".webp",), is_webp, PICTURE, about="its first picture"),
    Format(
        "JPEG 2000", Kind.IMAGE, (".jp2", ".j2k", ".jpx", ".j2c"), is_jpeg_2000, PICTURE, about="decoded at once",
    ),
    Format(
        "Hamamatsu VMS", Kind.IMAGE, (".vms", ".vmu"),
        begins(b"[Virtual Microscope Specimen]", b"[Uncompressed Virtual Microscope Specimen]"),
        "wholefield.sources.slides.slide:open_slide",
    ),
    Format(
        "Zeiss CZI", Kind.IMAGE, (".czi",),
        both(begins(b"ZISRAWFILE"), asked("wholefield.sources.slides.slide:slide_vendor")),
        "wholefield.sources.slides.slide:open_slide", about="slides of Axioscan",
    ),
    Format(
        "Sakura", Kind.IMAGE, (".svslide",),
        both(begins(b"SQLite format 3\0"), asked("wholefield.sources.slides.slide:slide_vendor")),
        "wholefield.sources.slides.slide:open_slide",
    ),
)  # fmt: skip

ZARRS = (
    Format(
        "Zarr", Kind.STACK, ZARR_SUFFIXES, asked("wholefield.sources.zarr_layout:is_plain_zarr"),
        f"{READERS}.plain_zarr:open_plain_zarr",
        asks=f"{READERS}.plain_zarr:zarr_questions", about="arrays without OME; a folder, or zipped",
    ),
    Format(
        "OME-Zarr stack", Kind.STACK, ZARR_SUFFIXES, asked("wholefield.sources.zarr_layout:is_zarr_volume"),
        f"{READERS}.ome_zarr:open_ome_zarr_stack", asks=STACK,
        exporter="wholefield.export.stack_zarr:write_ome_zarr", about="more than one plane; a folder, or zipped",
    ),
    Format(
        "OME-Zarr", Kind.IMAGE, ZARR_SUFFIXES, asked("wholefield.sources.zarr_layout:is_zarr"),
        "wholefield.sources.slides.ome_zarr:open_ome_zarr", about="one plane; a folder, or zipped",
    ),
    Format(
        "OME-Zarr plane", Kind.STACK, (), asked("wholefield.sources.zarr_layout:is_zarr"),
        f"{READERS}.ome_zarr:open_ome_zarr_stack", about="a picture opened as a stack of one slice",
    ),
)  # fmt: skip

VOLUMES = (
    Format(
        "HDF5 or NeXus", Kind.STACK, (".h5", ".hdf5", ".hdf", ".nxs", ".nx5"), is_hdf5,
        f"{READERS}.hdf5:open_hdf5_stack",
        asks=f"{READERS}.hdf5:hdf5_questions", about="one of its datasets",
    ),
    Format(
        "Xradia", Kind.STACK, (".txrm", ".txm", ".xrm"), both(begins(OLE_SIGNATURE), ends(".txrm", ".txm", ".xrm")),
        f"{READERS}.xradia:open_xradia", asks=STACK, about="Zeiss projections and reconstructions",
    ),
    Format("NRRD", Kind.STACK, (".nrrd", ".nhdr"), is_nrrd, f"{READERS}.nrrd:open_nrrd", asks=STACK),
    Format(
        "NIfTI", Kind.STACK, (".nii", ".nii.gz", ".hdr"), is_nifti,
        f"{READERS}.nifti:open_nifti", asks=STACK, exporter="wholefield.export.stacks:write_nifti",
    ),
    Format(
        "Analyze 7.5", Kind.STACK, (".hdr", ".img"),
        both(ends(".hdr", ".img", ".hdr.gz", ".img.gz"), asked(f"{READERS}.analyze:is_analyze")),
        f"{READERS}.analyze:open_analyze", asks=STACK, about="either file of a pair",
    ),
    Format(
        "MetaImage", Kind.STACK, (".mha", ".mhd"), is_meta_image,
        f"{READERS}.meta_image:open_meta_image", asks=STACK,
    ),
    Format(
        "NumPy array", Kind.STACK, (".npy",),
        both(begins(b"\x93NUMPY"), asked(f"{READERS}.numpy_array:is_numpy_volume")),
        f"{READERS}.numpy_array:open_npy", asks=STACK, about="two to five axes of numbers",
    ),
    Format(
        "NumPy archive", Kind.STACK, (".npz",),
        both(
            both(begins(ZIP_SIGNATURE), ends(".npz")), asked(f"{READERS}.numpy_array:is_numpy_volume")
        ),
        f"{READERS}.numpy_array:open_npz",
        asks=f"{READERS}.numpy_array:npz_questions", about="one of its arrays",
    ),
    Format(
        "Folder of slices", Kind.STACK, (), asked("wholefield.sources.stacks.slices.folder:is_slice_folder"),
        "wholefield.sources.stacks.slices.folder:open_slice_folder",
        asks="wholefield.sources.stacks.slices.folder:folder_questions",
        about="TIFF, PNG, BMP or JPEG, in the order of their names",
    ),
)  # fmt: skip

RAW_SUFFIXES = (".raw", ".vol", ".bin", ".img", ".dat")
BARE = f"{READERS}.bare_numbers"
# A name such as scan_512x512x300_uint16.raw, and a file that is as long, leave no doubt; other files of bare numbers
# are what nothing else is.
SIZED_VOLUMES = (
    Format(
        "Raw volume", Kind.STACK, RAW_SUFFIXES,
        both(ends(*RAW_SUFFIXES), asked(f"{READERS}.raw_guesses:is_told_by_name")),
        f"{BARE}:open_bare_numbers", asks=f"{BARE}:raw_questions",
        about="voxels without a header; size and type are in the file name",
    ),
)  # fmt: skip
BARE_VOLUMES = (
    Format(
        "Headerless volume", Kind.STACK, (".raw", ".vol"), ends(".raw", ".vol"),
        f"{BARE}:open_bare_numbers", asks=f"{BARE}:raw_questions",
        about="voxels without a header; size and type are asked for",
        by_name=True,
    ),
)  # fmt: skip

OPENING = "wholefield.networks.opening"
MODELS = (
    Format(
        "torch.export program", Kind.MODEL, (".pt2",), is_exported, f"{OPENING}.exported:open_exported",
        about="any network of your own, see [models](models.md)",
    ),
    # The reader of checkpoints knows the tasks that trained them; it is above the networks.
    Format(
        "PyTorch weights", Kind.MODEL, (".ckpt", ".pth", ".pt"), is_torch, "wholefield.tasks.opening:open_torch",
        about="checkpoints of Wholefield and msd_pytorch; weights of torchvision, timm and, with the extra `spandrel`, "
        "restoration and super-resolution",
    ),
    Format(
        "safetensors", Kind.MODEL, (".safetensors",), is_safetensors, f"{OPENING}.states:open_weights",
        about="weights, as those of PyTorch",
    ),
    Format(
        "ONNX", Kind.MODEL, (".onnx",), is_onnx, f"{OPENING}.onnx_file:open_onnx", about="needs the extra `onnx`",
    ),
    Format(
        "nnU-Net", Kind.MODEL, (), is_nnunet, f"{OPENING}.nnunet:open_nnunet",
        about="folder with plans.json, dataset.json and fold_*; needs the extra `nnunet`",
    ),
)  # fmt: skip

FORMATS: tuple[Format, ...] = (
    *LOOKALIKES,
    *MODELS,
    *SIZED_VOLUMES,
    *RECORDINGS,
    *DICOM,
    *ZARRS,
    *TIFFS,
    *SLIDES,
    *VOLUMES,
    *UNREAD,
    *BARE_VOLUMES,
)
"""The formats of the program, in the order in which they are tried."""


@cache
def all_formats() -> tuple[Format, ...]:
    """All formats in the order in which they are tried: those of other packages first, which were installed for that.

    Returns:
        The rows; those of a package that cannot be loaded are left out, with a warning in the log.

    Example:
        >>> from wholefield.sources import all_formats
        >>> {format.name for format in all_formats()} >= {"NIfTI", "OME-Zarr", "Prophesee RAW"}
        True
    """
    return (*_plugged_in(), *FORMATS)


def _plugged_in() -> Iterator[Format]:
    for point in entry_points(group=ENTRY_POINTS):
        try:
            loaded = point.load()
            for row in loaded if isinstance(loaded, tuple) else (loaded,):
                if not isinstance(row, Format):
                    raise TypeError(f"{row!r} is not a Format")
                yield replace(row, detect=_guarded(row))
        except Exception as error:  # whatever another package does wrong must not stop the program
            reason = f"{type(error).__name__}: {error}"
            log.warning("The formats of %s cannot be loaded (%s).", point.value, reason)


def _guarded(row: Format) -> Detect:
    """The detector of another package; a file on which it fails is not of its format."""

    def detect(path: Path, head: bytes) -> bool:
        try:
            return bool(row.detect(path, head))
        except Exception as error:  # it must not keep other formats from being read
            log.warning("The format %s of another package failed on %s (%s).", row.name, path, error)
            return False

    return detect
