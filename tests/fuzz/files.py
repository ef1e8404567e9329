"""A small sound file of every format, to be damaged."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import cv2
import h5py
import nibabel
import numpy as np
import tifffile
import zarr
from PIL import Image
from pydicom.uid import JPEGBaseline8Bit, JPEGLSLossless

from tests.engine.sources import ngff_files
from tests.engine.sources.events.writers import STREAMS, ecf_chunk, random_events, write_ecf, write_stream
from tests.engine.sources.slides.dicom import dicom_files as slide_files
from tests.engine.sources.slides.raw_tiff import SHORT, SUBSAMPLING, raw_tiff
from tests.engine.sources.stacks.dicom.dicom_files import dataset, write_series
from tests.engine.sources.stacks.formats.ole_files import write_ole
from tests.engine.sources.stacks.volumes import volume
from tests.fuzz.recordings import RARE_RECORDINGS

Write = Callable[[Path], Path]


def sound_files(folder: Path) -> list[Path]:
    """Write a sound file of every kind, each in a folder of its own with what belongs to it.

    Args:
        folder: Where they are put; made if it is missing.

    Returns:
        The files, or folders where a folder is opened.
    """
    paths = []
    for name, write in SOUND.items():
        place = folder / name
        place.mkdir(parents=True)
        paths.append(write(place))
    return paths


def colors(height: int = 60, width: int = 80) -> np.ndarray:
    """A picture that compresses neither to nothing nor not at all."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 3 % 251, y * 2 % 251, (x + y) % 251], axis=-1).astype(np.uint8)


def _tiff(name: str, **options: Any) -> Write:
    def write(folder: Path) -> Path:
        tifffile.imwrite(folder / name, colors(), photometric="rgb", **options)
        return folder / name

    return write


def _pyramid(folder: Path) -> Path:
    path = folder / "pyramid.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as file:
        file.write(
            colors(),
            subifds=1,
            tile=(16, 16),
            photometric="rgb",
            metadata={"axes": "YXS", "PhysicalSizeX": 0.5},
        )
        file.write(colors()[::2, ::2], subfiletype=1, tile=(16, 16), photometric="rgb")
    return path


def _aperio(folder: Path) -> Path:
    path = folder / "slide.svs"
    text = "Aperio Image Library v12\r\n80x60 [0,0 80x60] (16x16) JPEG/RGB Q=70|AppMag = 20|MPP = 0.499"
    with tifffile.TiffWriter(path) as file:
        for step in (1, 2):
            file.write(
                colors()[::step, ::step], tile=(16, 16), photometric="rgb", compression="jpeg",
                description=text, metadata=None,
            )  # fmt: skip
    return path


def _tiff_stack(name: str, **options: Any) -> Write:
    def write(folder: Path) -> Path:
        voxels = volume(4, 20, 24, dtype="u2")
        tifffile.imwrite(folder / name, voxels, photometric="minisblack", **options)
        return folder / name

    return write


def _tiff_times(folder: Path) -> Path:
    voxels = volume(2, 3, 2, 20, 24, dtype="u2")
    tifffile.imwrite(folder / "times.tif", voxels, imagej=True, metadata={"axes": "TZCYX"})
    return folder / "times.tif"


def _picture(name: str) -> Write:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(cv2.imencode(Path(name).suffix, colors())[1].tobytes())
        return folder / name

    return write


def _pillow(name: str, mode: str) -> Write:
    def write(folder: Path) -> Path:
        Image.fromarray(colors()).convert(mode).save(folder / name)
        return folder / name

    return write


def _inks(folder: Path) -> Path:
    pixels = np.dstack([colors(), colors()[..., :1]])
    tifffile.imwrite(folder / "inks.tif", pixels, photometric="separated", tile=(16, 16), compression="lzw")
    return folder / "inks.tif"


def _subsampled(folder: Path) -> Path:
    pixels = bytes(range(256)) * 8
    more = {SUBSAMPLING: (SHORT, [2, 2])}
    return raw_tiff(folder / "ycbcr.tif", pixels, (32, 40), photometric=6, bits=(8, 8, 8), more=more)


def _dicom_slide(syntax: str, **tags: Any) -> Write:
    def write(folder: Path) -> Path:
        tiles = slide_files.tiles_of(colors(), 32)
        return slide_files.write_slide(folder / "slide.dcm", tiles, (60, 80), syntax=syntax, **tags)

    return write


def _segmentation(folder: Path) -> Path:
    frames = [(i % 2 + 1, 0, i, (colors(16, 16)[..., 0] > 40).astype(np.uint8)) for i in range(3)]
    return slide_files.write_segmentation(folder / "classes.dcm", frames, (16, 48), ("tumor", "stroma"))


def _slices(folder: Path) -> Path:
    inside = folder / "slices"
    inside.mkdir()
    for index, plane in enumerate(volume(3, 12, 14, dtype="u1")):
        (inside / f"slice{index}.png").write_bytes(cv2.imencode(".png", plane)[1].tobytes())
    return inside


def _ngff(version: str, axes: str) -> Write:
    def write(folder: Path) -> Path:
        shape = {"c": 2, "z": 3}
        level = ngff_files.noise(*(shape.get(letter, 30) for letter in axes))
        return ngff_files.write(folder / "image.zarr", [level, level[..., ::2, ::2]], axes, version)

    return write


def _zipped_ngff(folder: Path) -> Path:
    inside = _ngff("0.4", "zyx")(folder)
    path = folder / "image.zarr.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(inside.rglob("*")):
            if each.is_file():
                archive.write(each, each.relative_to(inside))
    return path


def _dicom_series(folder: Path) -> Path:
    return write_series(folder / "series", volume(3, 8, 9))


def _dicom_frames(folder: Path) -> Path:
    path = folder / "frames.dcm"
    voxels = volume(3, 8, 9)
    each = dataset(voxels[0], NumberOfFrames=3)
    each.PixelData = voxels.tobytes()
    each.save_as(path, enforce_file_format=True)
    return path


def _nifti(name: str) -> Write:
    def write(folder: Path) -> Path:
        kind = nibabel.Nifti2Image if "2" in name else nibabel.Nifti1Image
        kind(volume().T, np.diag([2.0, 3.0, 4.0, 1.0])).to_filename(folder / name)
        return folder / name

    return write


def _nrrd(encoding: str, detached: bool = False) -> Write:
    def write(folder: Path) -> Path:
        voxels = volume().tobytes()
        packed = gzip.compress(voxels) if encoding == "gzip" else voxels
        header = (
            f"NRRD0004\ntype: short\ndimension: 3\nsizes: 6 5 4\nencoding: {encoding}\nendian: little\n"
            "space: left-posterior-superior\nspace directions: (0.5,0,0) (0,0.5,0) (0,0,2)\n"
        )
        if detached:
            (folder / "voxels.raw").write_bytes(packed)
            (folder / "scan.nhdr").write_text(f"{header}data file: voxels.raw\n", encoding="ascii")
            return folder / "scan.nhdr"
        (folder / "scan.nrrd").write_bytes(header.encode() + b"\n" + packed)
        return folder / "scan.nrrd"

    return write


def _meta_image(place: str) -> Write:
    def write(folder: Path) -> Path:
        voxels = volume().tobytes()
        header = (
            "ObjectType = Image\nNDims = 3\nDimSize = 6 5 4\nElementType = MET_SHORT\nElementSpacing = 0.5 0.5 2\n"
            f"BinaryDataByteOrderMSB = False\nElementDataFile = {place}\n"
        )
        if place == "LOCAL":
            (folder / "scan.mha").write_bytes(header.encode() + voxels)
            return folder / "scan.mha"
        (folder / place).write_bytes(voxels)
        (folder / "scan.mhd").write_text(header, encoding="ascii")
        return folder / "scan.mhd"

    return write


def _hdf5_volume(folder: Path) -> Path:
    with h5py.File(folder / "scan.h5", "w") as file:
        data = file.create_dataset("entry/data", data=volume(), chunks=(2, 3, 3), compression="gzip")
        data.attrs["element_size_um"] = [2.0, 0.5, 0.5]
    return folder / "scan.h5"


def _ilastik(folder: Path) -> Path:
    with h5py.File(folder / "export.h5", "w") as file:
        data = file.create_dataset("exported_data", data=volume(2, 4, 5, 6, 2), chunks=(1, 2, 5, 6, 2))
        data.attrs["axistags"] = json.dumps({"axes": [{"key": letter} for letter in "tzyxc"]})
    return folder / "export.h5"


def _analyze(folder: Path) -> Path:
    nibabel.AnalyzeImage(volume().T, None).to_filename(folder / "scan.hdr")
    return folder / "scan.hdr"


def _npy(folder: Path) -> Path:
    np.save(folder / "scan.npy", np.asfortranarray(volume()))
    return folder / "scan.npy"


def _npz(folder: Path) -> Path:
    np.savez_compressed(folder / "scan.npz", volume=volume())
    return folder / "scan.npz"


def _zarr(version: Literal[2, 3]) -> Write:
    def write(folder: Path) -> Path:
        zarr.create_array(folder / "scan.zarr", data=volume(), chunks=(2, 3, 3), zarr_format=version)
        return folder / "scan.zarr"

    return write


def _xradia(folder: Path) -> Path:
    header = {"ImageWidth": 60, "ImageHeight": 50, "ImagesTaken": 3, "NoOfImages": 3, "DataType": 5}
    streams = {f"ImageInfo/{name}": value.to_bytes(4, "little") for name, value in header.items()}
    for index, plane in enumerate(volume(3, 50, 60, dtype="<u2")):
        streams[f"ImageData1/Image{index + 1}"] = plane.tobytes()
    return write_ole(folder / "scan.txrm", streams)


def _bare(folder: Path) -> Path:
    (folder / "scan_6x5x4_uint8.raw").write_bytes(volume(dtype="u1").tobytes())
    return folder / "scan_6x5x4_uint8.raw"


def _stream(name: str) -> Write:
    def write(folder: Path) -> Path:
        return write_stream(folder, name, random_events(500, 100_000), 4_000)

    return write


def _ecf(folder: Path) -> Path:
    events = random_events(1500, 50_000)
    write_ecf(
        folder / "events.hdf5", events, [ecf_chunk(events[:1000], "yxp"), ecf_chunk(events[1000:], "xp")]
    )
    return folder / "events.hdf5"


def _columns(folder: Path) -> Path:
    events = random_events(300, 50_000)
    with h5py.File(folder / "events.h5", "w") as file:
        for name in "xypt":
            file[f"events/{name}"] = events[name].astype("u4")
        file["events/height"], file["events/width"] = 480, 640
    return folder / "events.h5"


def _text(name: str, separator: str) -> Write:
    def write(folder: Path) -> Path:
        rows = (
            [f"{name}" for name in ("t", "x", "y", "p")],
            *random_events(400, 90_000)[["t", "x", "y", "p"]].tolist(),
        )
        (folder / name).write_text("\n".join(separator.join(map(str, row)) for row in rows), encoding="ascii")
        return folder / name

    return write


def _archive(folder: Path) -> Path:
    events = random_events(300, 50_000)
    content = io.BytesIO()
    np.savez_compressed(content, x=events["x"], y=events["y"], p=events["p"], t=events["t"])
    (folder / "events.npz").write_bytes(content.getvalue())
    return folder / "events.npz"


SOUND: dict[str, Write] = {
    "tiff": _tiff("plain.tif"),
    "tiff-lzw": _tiff("lzw.tif", compression="lzw", predictor=True, rowsperstrip=7),
    "tiff-jpeg": _tiff("jpeg.tif", compression="jpeg", tile=(32, 32)),
    "tiff-planar": _tiff("planar.tif", compression="deflate", tile=(32, 32), bigtiff=True),
    "pyramid": _pyramid,
    "aperio": _aperio,
    "tiff-stack": _tiff_stack("stack.tif"),
    "imagej": _tiff_stack("imagej.tif", imagej=True, metadata={"spacing": 2.0, "unit": "um"}),
    "ome-stack": _tiff_stack("stack.ome.tif", metadata={"axes": "ZYX"}, compression="deflate"),
    "png": _picture("picture.png"),
    "jpeg": _picture("picture.jpg"),
    "bmp": _picture("picture.bmp"),
    "jpeg-2000": _picture("picture.jp2"),
    "webp": _pillow("picture.webp", "RGBA"),
    "gif": _pillow("picture.gif", "P"),
    "png-palette": _pillow("palette.png", "P"),
    "jpeg-inks": _pillow("inks.jpg", "CMYK"),
    "tiff-inks": _inks,
    "tiff-subsampled": _subsampled,
    "dicom-slide": _dicom_slide(JPEGBaseline8Bit, PhotometricInterpretation="YBR_FULL_422"),
    "dicom-slide-jls": _dicom_slide(JPEGLSLossless, table="none"),
    "dicom-segmentation": _segmentation,
    "slices": _slices,
    "ngff-4": _ngff("0.4", "cyx"),
    "ngff-5": _ngff("0.5", "czyx"),
    "ngff-zip": _zipped_ngff,
    "dicom-series": _dicom_series,
    "dicom-frames": _dicom_frames,
    "nifti": _nifti("scan.nii"),
    "nifti-gz": _nifti("scan.nii.gz"),
    "nifti-2": _nifti("scan2.nii"),
    "nrrd": _nrrd("raw"),
    "nrrd-gzip": _nrrd("gzip"),
    "nrrd-detached": _nrrd("raw", detached=True),
    "mha": _meta_image("LOCAL"),
    "mhd": _meta_image("voxels.raw"),
    "hdf5": _hdf5_volume,
    "ilastik": _ilastik,
    "analyze": _analyze,
    "npy": _npy,
    "npz": _npz,
    "zarr-2": _zarr(2),
    "zarr-3": _zarr(3),
    "xradia": _xradia,
    "bare": _bare,
    "hyperstack": _tiff_times,
    **{name: _stream(name) for name in STREAMS},
    "ecf": _ecf,
    "event-columns": _columns,
    "event-text": _text("events.txt", " "),
    "event-csv": _text("events.csv", ","),
    "event-npz": _archive,
    **RARE_RECORDINGS,
}
