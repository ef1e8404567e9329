"""Pictures that are decoded once and held in memory, at one level: PNG, JPEG, BMP, GIF, WebP, JPEG 2000."""

from __future__ import annotations

from pathlib import Path

from wholefield.errors import SourceError
from wholefield.sources.choices import Question, Reading
from wholefield.sources.reading import closed, reason_of
from wholefield.sources.slides.image import (
    AnyArray,
    ChannelLook,
    Description,
    ImageSource,
    levels_from_sizes,
)
from wholefield.sources.slides.indexed import INDICES, look_of_table, palette_question, wants_indices
from wholefield.sources.slides.pictures.decoded import (
    Decoded,
    colored,
    is_mask,
    over_glass,
    palette_table,
    upright,
)
from wholefield.sources.slides.pictures.decoders import NAMES, decoder_of
from wholefield.sources.slides.pictures.sizes import claim_of, refuse_too_large

PNG_HEAD, INDEXED = b"\x89PNG", 3


class PictureSource(ImageSource):
    """A picture in memory."""

    def __init__(self, path: Path, description: Description, pixels: AnyArray) -> None:
        super().__init__(path, description)
        self._pixels: AnyArray | None = pixels

    def close(self) -> None:
        """Release the pixels."""
        self._pixels = None

    def _read_inside(self, level: int, x: int, y: int, width: int, height: int) -> AnyArray:
        pixels = self._pixels
        if pixels is None:
            raise closed(self.name)
        return pixels[y : y + height, x : x + width].copy()


def open_picture(path: Path, reading: Reading | None = None) -> PictureSource:
    """Open a picture.

    One with a palette of which few numbers are used is a mask: its numbers are kept, and their colors are its look.

    Args:
        path: The file.
        reading: May say "palette=colors" or "palette=indices" for a picture with a palette.

    Raises:
        SourceError: The file is damaged, cut off, or larger than memory.
    """
    reading = (reading or Reading()).only(path, "palette")
    wants_indices(path, reading)
    decoded = _decode(path)
    looks: tuple[ChannelLook, ...] = ()
    warnings = list(decoded.warnings)
    if decoded.palette is not None:
        keeps = reading["palette"] == INDICES if "palette" in reading else is_mask(decoded)
        if keeps:
            looks = (look_of_table("Palette", palette_table(decoded.palette), exact=True),)
            warnings.append(
                "it has a palette, and its values are the numbers of the colors, as in a mask; "
                "read it with palette=colors for the colors"
            )
        else:
            decoded = colored(decoded)
            if "palette" not in reading:
                warnings.append(
                    "it has a palette, and its values are the colors; read it with palette=indices for their numbers"
                )
    known = len(decoded.warnings)
    decoded = upright(over_glass(decoded))
    warnings += decoded.warnings[known:]
    height, width, channels = decoded.pixels.shape
    description = Description(
        decoded.kind,
        levels_from_sizes([(width, height)]),
        channels,
        decoded.pixels.dtype,
        None,
        {},
        looks,
        tuple(f"{path.name}: {warning}." for warning in warnings),
    )
    return PictureSource(path, description, decoded.pixels)


def picture_questions(path: Path, reading: Reading) -> tuple[Question, ...]:
    """What can be chosen for a picture: whether the palette of a PNG means colors."""
    with path.open("rb") as file:
        head = file.read(26)
    indexed = head.startswith(PNG_HEAD) and head[25:26] == bytes([INDEXED])
    return (palette_question(),) if indexed or head.startswith((b"GIF8", b"BM")) else ()


def picture_bytes(path: Path) -> bytes:
    """The content of a picture that can be decoded in memory.

    Raises:
        SourceError: It is larger than memory, or its header claims more than it can hold.
    """
    size = path.stat().st_size
    # A file that is larger than memory is not even read.
    refuse_too_large(path, size, 1, 1, size)
    data = path.read_bytes()
    claim = claim_of(data)
    if claim is not None:
        refuse_too_large(path, *claim, size)
    return data


def _decode(path: Path) -> Decoded:
    data = picture_bytes(path)
    decode = decoder_of(data)
    if decode is None:
        raise SourceError(f"{path} is not a picture of a kind that is read; save it as PNG or TIFF.")
    try:
        return decode(data)
    except Exception as error:  # codecs raise errors of their own kinds
        kind = NAMES.get(decode, "JPEG 2000")
        raise SourceError(
            f"{path} is a damaged {kind} ({reason_of(error)}); copy it again from its source."
        ) from error
