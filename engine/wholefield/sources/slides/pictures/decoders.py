"""The decoder of each kind of picture."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    ImageFile,
    PngImagePlugin,
    WebPImagePlugin,
)

from wholefield.sources.slides.colors.cmyk import inks_to_rgb, is_cmyk_profile, profiled_inks_to_rgb
from wholefield.sources.slides.orientation import Orientation
from wholefield.sources.slides.pictures.decoded import AnyArray, Decoded, in_bands

ORIENTATION = 274
INDEXED = 3
INTERLACED_INKS = 12
NOT_ANIMATED = 1
START_OF_SCAN = 0xDA
LOSSLESS_JPEG = (0xC3,)
JPEG_LS = 0xF7


def decode_png(data: bytes) -> Decoded:
    """PNG; one with a palette keeps its numbers."""
    chunks = dict(_chunks(data))
    still = () if b"acTL" not in chunks else ("it is an animation, of which the first picture is shown",)
    turn = _orientation_of_exif(chunks.get(b"eXIf", b""))
    if chunks[b"IHDR"][9] == INDEXED:
        pixels, palette = _indexed(PngImagePlugin.PngImageFile(io.BytesIO(data)))
        return Decoded("PNG", pixels, palette=palette, orientation=turn, warnings=still)
    pixels = _with_samples(imagecodecs.png_decode(data))
    return Decoded("PNG", pixels, pixels.shape[2] in (2, 4), orientation=turn, warnings=still)


def decode_jpeg(data: bytes) -> Decoded:
    """JPEG of 8, 12 or 16 bits, gray, color or inks; JPEG-LS and lossless JPEG too.

    Raises:
        ValueError: Its end is missing, which decoders fill up with gray.
    """
    if not jpeg_is_complete(data):
        raise ValueError("its end is missing")
    marker = _frame_marker(data)
    if marker == JPEG_LS:
        return Decoded("JPEG-LS", _with_samples(imagecodecs.jpegls_decode(data)))
    if marker in LOSSLESS_JPEG:
        return Decoded("JPEG", _with_samples(imagecodecs.ljpeg_decode(data)))
    exif, profile = _applications(data)
    pixels = _with_samples(imagecodecs.jpeg8_decode(data))
    warnings: tuple[str, ...] = ()
    if pixels.shape[2] == 4:
        # By the convention of Adobe, which wrote the first such files, inks are stored inverted.
        pixels, told = _inks(pixels, profile, inverted=True)
        warnings = (told,)
    return Decoded("JPEG", pixels, orientation=_orientation_of_exif(exif), warnings=warnings)


def decode_bmp(data: bytes) -> Decoded:
    """BMP of every depth."""
    return _by_pillow("BMP", BmpImagePlugin.BmpImageFile(io.BytesIO(data)))


def decode_gif(data: bytes) -> Decoded:
    """The first picture of a GIF."""
    return _by_pillow("GIF", GifImagePlugin.GifImageFile(io.BytesIO(data)))


def decode_webp(data: bytes) -> Decoded:
    """The first picture of a WebP."""
    return _by_pillow("WebP", WebPImagePlugin.WebPImageFile(io.BytesIO(data)))


def decode_jpeg_2000(data: bytes) -> Decoded:
    """JPEG 2000, in its boxes or as a bare codestream."""
    pixels = _with_samples(imagecodecs.jpeg2k_decode(data))
    if pixels.shape[2] == 4 and _inks_in_boxes(data):
        pixels, told = _inks(pixels, None, inverted=False)
        return Decoded("JPEG 2000", pixels, warnings=(told,))
    return Decoded("JPEG 2000", pixels, pixels.shape[2] in (2, 4))


Decode = Callable[[bytes], Decoded]
DECODERS: dict[bytes, Decode] = {
    b"\x89PNG": decode_png,
    b"\xff\xd8": decode_jpeg,
    b"BM": decode_bmp,
    b"GIF8": decode_gif,
    b"RIFF": decode_webp,
    b"\0\0\0\x0cjP  ": decode_jpeg_2000,
    b"\xff\x4f\xff\x51": decode_jpeg_2000,
}
NAMES: dict[Decode, str] = {
    decode_png: "PNG",
    decode_jpeg: "JPEG",
    decode_bmp: "BMP",
    decode_gif: "GIF",
    decode_webp: "WebP",
}


def decoder_of(data: bytes) -> Callable[[bytes], Decoded] | None:
    """The decoder of a picture that begins so."""
    return next((decode for signature, decode in DECODERS.items() if data.startswith(signature)), None)


def jpeg_is_complete(data: bytes) -> bool:
    """Whether the end marker follows the compressed data; decoders fill up what is missing with gray.

    Walks over the marker segments to the first scan, because a preview among them has an end of its own.
    """
    for marker, start, _ in _segments(data):
        if marker == START_OF_SCAN:
            return data.find(b"\xff\xd9", start) >= 0
    return False


def _by_pillow(kind: str, picture: ImageFile.ImageFile) -> Decoded:
    """A picture that Pillow decodes; of an animation it is the first one."""
    frames = int(getattr(picture, "n_frames", NOT_ANIMATED))
    told = (
        ()
        if frames == NOT_ANIMATED
        else (f"it is an animation of {frames} pictures, of which the first is shown",)
    )
    exif = picture.getexif() if kind == "WebP" else {}
    turn = Orientation.of_tag(int(exif.get(ORIENTATION, 1)))
    if picture.mode == "P":
        pixels, palette = _indexed(picture)
        return Decoded(kind, pixels, palette=palette, orientation=turn, warnings=told)
    if picture.mode not in ("L", "LA", "RGB", "RGBA"):
        shown: Image.Image = picture.convert("L" if picture.mode == "1" else "RGB")
    else:
        shown = picture
    pixels = _with_samples(np.asarray(shown))
    return Decoded(kind, pixels, pixels.shape[2] in (2, 4), orientation=turn, warnings=told)


def _indexed(picture: ImageFile.ImageFile) -> tuple[AnyArray, npt.NDArray[np.uint8]]:
    """The numbers of a picture with a palette, and the colors (entries, 3 or 4) that they mean."""
    pixels = np.asarray(picture)[..., None]
    colors = np.array(picture.getpalette("RGB"), np.uint8).reshape(-1, 3)
    table = np.zeros((max(len(colors), int(pixels.max(initial=0)) + 1), 3), np.uint8)
    table[: len(colors)] = colors
    transparent = picture.info.get("transparency")
    if transparent is None:
        return pixels, table
    opacity = np.full(len(table), 255, np.uint8)
    if isinstance(transparent, int):
        opacity[transparent : transparent + 1] = 0
    else:
        known = np.frombuffer(transparent, np.uint8)[: len(opacity)]
        opacity[: len(known)] = known
    return pixels, np.concatenate([table, opacity[:, None]], axis=1)


def _inks(pixels: AnyArray, profile: bytes | None, *, inverted: bool) -> tuple[AnyArray, str]:
    """Colors of four inks, which may be stored inverted."""
    top = int(np.iinfo(pixels.dtype).max)

    def convert(band: AnyArray) -> AnyArray:
        inks = (top - band).astype(band.dtype) if inverted else band
        if profile is not None and is_cmyk_profile(profile):
            return profiled_inks_to_rgb(inks, profile)
        return inks_to_rgb(inks)

    way = "by the ICC profile in the file" if is_cmyk_profile(profile) else "by the usual formula"
    return in_bands(convert, pixels, 3), f"its CMYK inks are shown as RGB {way}"


def _with_samples(pixels: Any) -> AnyArray:
    array = np.asarray(pixels)
    return array if array.ndim == 3 else array[..., None]


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of the chunks of a PNG before its end; of those with pixels the type alone."""
    position = 8
    while position + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        yield kind, b"" if kind == b"IDAT" else data[position + 8 : position + 8 + length]
        position += 12 + length


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start of content, end) of the segments of a JPEG up to its first scan."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        yield marker, position + 4, end
        if marker == START_OF_SCAN:
            return
        position = end


def _frame_marker(data: bytes) -> int:
    """Which process a JPEG uses: the marker of its frame."""
    for marker, _, _ in _segments(data):
        if (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)) or marker == JPEG_LS:
            return marker
    return 0


def _applications(data: bytes) -> tuple[bytes, bytes | None]:
    """EXIF and ICC profile of a JPEG."""
    exif, profile = b"", []
    for marker, start, end in _segments(data):
        content = data[start:end]
        if marker == 0xE1 and content.startswith(b"Exif\0\0"):
            exif = content[6:]
        elif marker == 0xE2 and content.startswith(b"ICC_PROFILE\0"):
            profile.append((content[12], content[14:]))
    return exif, b"".join(part for _, part in sorted(profile)) or None


def _orientation_of_exif(exif: bytes) -> Orientation:
    """The turn that EXIF asks for; damaged EXIF asks for none."""
    if not exif:
        return Orientation()
    read = Image.Exif()
    try:
        read.load(b"Exif\0\0" + exif)
        return Orientation.of_tag(int(read.get(ORIENTATION, 1)))
    except Exception:  # it has errors of many kinds and is no reason to refuse the picture
        return Orientation()


def _inks_in_boxes(data: bytes) -> bool:
    """Whether the color box of a JPEG 2000 says CMYK (enumerated color space 12)."""
    place = data.find(b"colr\x01")
    return place >= 0 and data[place + 7 : place + 11] == struct.pack(">I", INTERLACED_INKS)
