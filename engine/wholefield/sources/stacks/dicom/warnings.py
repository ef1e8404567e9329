"""Sentences about what is unusual in DICOM files, or is left out of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from wholefield.sources.stacks.dicom.headers import DicomFile
from wholefield.sources.stacks.dicom.volumes import Volume

NOTES = {
    "inverted": "The files show low values bright (MONOCHROME1); the numbers are as stored.",
    "overlays": "The files carry overlays (graphics above the image), which are not shown.",
    "lossy": "The pixels were compressed with loss before, so that their values are not those of the scanner.",
    "moments": "The frames follow each other in time, not in space; they are shown as slices.",
    "groups": "The header describes fewer frames than the file holds; those that it does not describe are a stack of "
    "their own.",
    "real world": "The files map stored numbers to real values in a way that is not applied; the numbers are as "
    "stored.",
}
NAMED = 3
# Objects of DICOM without pixels of their own.
NAMES = {
    "SR": "structured report", "PR": "presentation state", "KO": "key objects",
    "RTSTRUCT": "RT structure set, contours that 3D Slicer turns into a label volume",
    "RTPLAN": "RT plan", "DOC": "document", "ECG": "waveform", "REG": "registration", "SM": "slide",
}  # fmt: skip


def notes_of(volume: Volume) -> list[str]:
    """What is unusual in the files of a volume."""
    noted = Counter(note for file in volume.files for note in file.notes)
    return [sentence for note, sentence in NOTES.items() if noted[note]]


def others_told(path: Path, volumes: Sequence[Volume], chosen: Volume) -> list[str]:
    """Which volumes were not opened, and how to choose them."""
    others = [volume for volume in volumes if volume is not chosen]
    if not others:
        return []
    folder = path if path.is_dir() or path.name == "DICOMDIR" else path.parent
    listed = "; ".join(f"{volume.label} (series={volume.name})" for volume in others[:NAMED])
    more = f"; and {len(others) - NAMED} more" if len(others) > NAMED else ""
    return [
        f"{folder.name} holds {len(volumes)} series or orientations; this is {chosen.label}. The others are left out: "
        f"{listed}{more}."
    ]


def missing_told(path: Path, count: int) -> list[str]:
    """How many files a DICOMDIR lists that are not there."""
    if not count:
        return []
    files, do = ("file", "does") if count == 1 else ("files", "do")
    return [f"{count} {files} that {path.name} lists {do} not exist below its folder."]


def unread_told(refused: Sequence[Path], reason: str) -> list[str]:
    """How many files could not be read, and why the first could not."""
    if not refused:
        return []
    count = len(refused)
    return [f"{count} {'file' if count == 1 else 'files'} could not be read. The first: {reason}"]


def without_images_told(files: Sequence[DicomFile]) -> list[str]:
    """Which files are no images."""
    counts = Counter(file.modality for file in files if not file.slices)
    if not counts:
        return []
    return [f"Files without an image of a stack are left out: {listed_modalities(counts)}."]


def listed_modalities(counts: Counter[str]) -> str:
    """Such as "2 SR (structured report), 1 RTPLAN (RT plan)"."""
    parts = []
    for modality, count in counts.most_common():
        name = f" ({NAMES[modality]})" if modality in NAMES else ""
        parts.append(f"{count} {modality or 'of unknown modality'}{name}")
    return ", ".join(parts)
