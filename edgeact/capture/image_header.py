"""What an image file says of itself in its first bytes: format, size and number of pictures. Nothing is decoded."""

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from edgeact.errors import SourceFormatError, SourceNotFoundError

ImageKind = Literal["png", "jpeg", "webp", "bmp", "gif", "tiff", "heif"]

HEIF_BRANDS = frozenset(
    {
        b"heic",
        b"heix",
        b"heim",
        b"heis",
        b"hevc",
        b"hevx",
        b"mif1",
        b"mif2",
        b"msf1",
        b"miaf",
        b"avif",
        b"avis",
        b"avci",
    }
)
# JPEG's frame headers; C4, C8 and CC of the same range are tables.
JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# No picture needs more; a file made to keep the reader busy has them.
MAXIMUM_PARTS = 100_000
TIFF_SUBFILE, TIFF_WIDTH, TIFF_HEIGHT = 254, 256, 257
TIFF_REDUCED, TIFF_MASK = 1, 4  # bits of the subfile type: a smaller copy of another page, a mask of another page
BIG_TIFF = 43  # its version number: offsets have eight bytes
TIFF_INTEGERS = {1: "B", 3: "H", 4: "I", 16: "Q"}  # field types: byte, short, long, long8


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a file announces.

    Attributes:
        kind: Its format, by content.
        width: Stored width in pixels of the largest picture; 0 where only a decoder can tell (HEIF).
        height: Stored height in pixels of the largest picture; 0 where only a decoder can tell (HEIF).
        pages: The pictures to show. Of a TIFF, where in the file the directory of each lies: copies in small (pyramids)
            and masks are left out. Of others, their numbers from 0.
    """

    kind: ImageKind
    width: int
    height: int
    pages: Sequence[int]


def read_header(path: Path) -> ImageHeader | None:
    """The header of an image; None for any other content.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It is empty, cannot be read, or is an image whose header is damaged.
    """
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == 0:
                raise SourceFormatError(f"{path} is empty (0 bytes): the copy failed; copy it again")
            return _read(file)
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"{path} cannot be found ({error.strerror}); check the path") from error
    except OSError as error:
        raise SourceFormatError(f"{path} cannot be read ({error.strerror}); check that it is an image file") from error
    except (struct.error, IndexError, _BrokenError) as error:
        raise SourceFormatError(
            f"{path} cannot be decoded as an image: its header is damaged; copy it again, or save it again as PNG or "
            "JPEG"
        ) from error


def is_heif(head: bytes) -> bool:
    """Whether a file that begins like this is a HEIC or AVIF picture (or a sequence of them), and no video."""
    return head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS


class _BrokenError(Exception):
    """The header does not end as it should."""


def _read(file: BinaryIO) -> ImageHeader | None:
    head = file.read(32)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _read_png(file)
    if head.startswith(b"\xff\xd8\xff"):
        return _read_jpeg(file)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _read_webp(file)
    if head.startswith((b"GIF87a", b"GIF89a")):
        width, height = struct.unpack("<HH", head[6:10])
        return ImageHeader("gif", width, height, range(1))
    if head.startswith(b"BM") and len(head) >= 26:
        core = struct.unpack("<I", head[14:18])[0] == 12  # the oldest header has sizes of two bytes
        width, height = struct.unpack("<HH", head[18:22]) if core else struct.unpack("<ii", head[18:26])
        return ImageHeader("bmp", abs(width), abs(height), range(1))
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return _read_tiff(file)
    return ImageHeader("heif", 0, 0, range(1)) if is_heif(head) else None


def _read_png(file: BinaryIO) -> ImageHeader:
    file.seek(8)
    width = height = 0
    for _ in range(MAXIMUM_PARTS):
        length, name = struct.unpack(">I4s", file.read(8))
        if name == b"IHDR":
            width, height = struct.unpack(">II", file.read(8))
            file.seek(length - 8 + 4, os.SEEK_CUR)  # the rest and the checksum
        elif name == b"acTL":  # animated
            return ImageHeader("png", width, height, range(struct.unpack(">I", file.read(4))[0]))
        elif name == b"IDAT":
            return ImageHeader("png", width, height, range(1))
        else:
            file.seek(length + 4, os.SEEK_CUR)
    raise _BrokenError


def _read_jpeg(file: BinaryIO) -> ImageHeader:
    file.seek(2)
    for _ in range(MAXIMUM_PARTS):
        marker = file.read(1)
        if marker != b"\xff":
            raise _BrokenError
        while marker == b"\xff":  # any number of them may fill
            marker = file.read(1)
        code = marker[0]
        if code == 0x01 or 0xD0 <= code <= 0xD8:  # without content
            continue
        length = struct.unpack(">H", file.read(2))[0]
        if code in JPEG_FRAMES:
            _, height, width = struct.unpack(">BHH", file.read(5))
            return ImageHeader("jpeg", width, height, range(1))
        file.seek(length - 2, os.SEEK_CUR)
    raise _BrokenError


def _read_webp(file: BinaryIO) -> ImageHeader:
    file.seek(12)
    name, _, data = struct.unpack("<4sI10s", file.read(18))
    if name == b"VP8 ":
        width, height = (size & 0x3FFF for size in struct.unpack("<HH", data[6:10]))
        return ImageHeader("webp", width, height, range(1))
    if name == b"VP8L":
        bits = struct.unpack("<I", data[1:5])[0]
        return ImageHeader("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, range(1))
    if name != b"VP8X":
        raise _BrokenError
    width, height = (1 + int.from_bytes(data[start : start + 3], "little") for start in (4, 7))
    return ImageHeader("webp", width, height, range(_count_webp(file) if data[0] & 0x02 else 1))


def _count_webp(file: BinaryIO) -> int:
    """Number of animation frames; a file that ends early has those before its end."""
    file.seek(12)
    frames = 0
    while len(head := file.read(8)) == 8 and frames < MAXIMUM_PARTS:
        name, length = struct.unpack("<4sI", head)
        frames += name == b"ANMF"
        file.seek(length + length % 2, os.SEEK_CUR)
    return max(frames, 1)


def _read_tiff(file: BinaryIO) -> ImageHeader:
    file.seek(0)
    order = "<" if file.read(2) == b"II" else ">"
    big = struct.unpack(order + "H", file.read(2))[0] == BIG_TIFF
    offset_format, count_format, entry_format = ("Q", "Q", "HHQ8s") if big else ("I", "H", "HHI4s")
    file.seek(8 if big else 4)
    offset = _take(file, order + offset_format)
    seen: set[int] = set()
    sizes: list[tuple[int, int]] = []
    pages: list[int] = []
    first = offset
    while offset and offset not in seen and len(seen) < MAXIMUM_PARTS:
        seen.add(offset)
        page = offset
        file.seek(page)
        fields: dict[int, int] = {}
        try:
            for _ in range(_take(file, order + count_format)):
                entry = file.read(struct.calcsize(order + entry_format))
                tag, kind, _, value = struct.unpack(order + entry_format, entry)
                if tag in (TIFF_SUBFILE, TIFF_WIDTH, TIFF_HEIGHT) and kind in TIFF_INTEGERS:
                    fields[tag] = struct.unpack_from(order + TIFF_INTEGERS[kind], value)[0]
            offset = _take(file, order + offset_format)
        except struct.error:
            if not sizes:
                raise
            break  # a stack that breaks off has the pages before
        sizes.append((fields.get(TIFF_WIDTH, 0), fields.get(TIFF_HEIGHT, 0)))
        if not fields.get(TIFF_SUBFILE, 0) & (TIFF_REDUCED | TIFF_MASK):
            pages.append(page)
    if not sizes:
        raise _BrokenError
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return ImageHeader("tiff", width, height, tuple(pages) or (first,))


def _take(file: BinaryIO, layout: str) -> int:
    return int(struct.unpack(layout, file.read(struct.calcsize(layout)))[0])
