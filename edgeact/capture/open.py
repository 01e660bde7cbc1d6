"""Open a source from its name: the one place that decides whether a name is a file, camera, stream or iterable."""

import contextlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias, overload

from edgeact.capture.address import Address, is_address, parse_address, shown_name
from edgeact.capture.base import SourceKind
from edgeact.capture.camera import camera_device, connect_camera
from edgeact.capture.connection import Connection, LiveSettings, connect, timeout_of
from edgeact.capture.container import open_media
from edgeact.capture.faults import FaultKind, SourceFaultError
from edgeact.capture.file import FileSource
from edgeact.capture.heif import HEIF_SUFFIXES, INSTALL_LINE, missing_reader
from edgeact.capture.image_header import read_header
from edgeact.capture.images import IMAGE_SUFFIXES, ImagesSource
from edgeact.capture.inputs import OTHER_IMAGE_SUFFIXES, RESAVE, VIDEO_SUFFIXES, listed, media_in
from edgeact.capture.iterable import ITERABLE_NAME, IterableConnection, IterableSource
from edgeact.capture.limits import DEFAULT_MAX_MEGAPIXELS, check_pixels
from edgeact.capture.live import LiveSource, LiveStatus
from edgeact.capture.reader import LiveConnection
from edgeact.errors import ArgumentTypeError, SourceFormatError, SourceNotFoundError, UsageError
from edgeact.memory import DEFAULT_MEMORY

# An address that ends like these is a recording; transport streams and MJPEG come from cameras, too.
RECORDING_SUFFIXES = VIDEO_SUFFIXES - {".ts", ".m2ts", ".mts", ".flv", ".mjpeg", ".h264", ".hevc", ".gif"}

SourceName: TypeAlias = str | Path | int | Iterable[Any]
AnySource: TypeAlias = FileSource | ImagesSource | IterableSource | LiveSource


@overload
def open_source(
    source: Path,
    *,
    kind: Literal["file"] | None = None,
    every: int = 1,
    turn: int = 0,
    stream: int | None = None,
    max_megapixels: float = DEFAULT_MAX_MEGAPIXELS,
    memory: int = DEFAULT_MEMORY,
) -> FileSource | ImagesSource: ...
@overload
def open_source(
    source: SourceName,
    *,
    kind: SourceKind | None = None,
    every: int = 1,
    turn: int = 0,
    stream: int | None = None,
    max_megapixels: float = DEFAULT_MAX_MEGAPIXELS,
    memory: int = DEFAULT_MEMORY,
    live: LiveSettings | None = None,
    on_change: Callable[[LiveStatus], None] | None = None,
) -> AnySource: ...
def open_source(
    source: SourceName,
    *,
    kind: SourceKind | None = None,
    every: int = 1,
    turn: int = 0,
    stream: int | None = None,
    max_megapixels: float = DEFAULT_MAX_MEGAPIXELS,
    memory: int = DEFAULT_MEMORY,
    live: LiveSettings | None = None,
    on_change: Callable[[LiveStatus], None] | None = None,
) -> AnySource:
    """Open whatever frames can come from.

    A live source is returned at once and connects in the background: `LiveSource.status` says how it stands.

    Args:
        source: A video, an image or a folder of images; a camera (``0``, ``/dev/video0``); the address of a stream
            (of RTSP, HTTP, RTMP, SRT or UDP: ``rtsp://…``); or an iterable of pictures (see `IterableSource`).
        kind: ``file`` gives every frame, ``live`` the newest one. None takes ``live`` for cameras and addresses (but
            ``file`` where an address ends like a video file), and ``file`` for all else.
        every: Use each n-th frame only; of files, images and iterables.
        turn: Degrees to the right by which every picture is turned: 0, 90, 180 or 270.
        stream: Which stream of a video file, as FFmpeg's tools number them; None takes the main one.
        max_megapixels: Larger pictures are refused before they are decoded.
        memory: Bytes that frames, decoder and encoder of a file may take together (see `edgeact.memory`).
        live: How cameras and streams are read; None takes the defaults.
        on_change: Told of each change of a live source's state, from a thread of its own; must be quick.

    Raises:
        SourceNotFoundError: There is no such path, or a folder without images.
        SourceFormatError: It cannot be decoded, is too large, or is HEIC without the extra for it; an iterable is empty
            or its first item no picture.
        UsageError: An address or an option cannot be used.
    """
    settings = replace(live or LiveSettings(), max_megapixels=max_megapixels)
    connect_source: Callable[[], LiveConnection]
    is_repeatable, timeout = True, settings.timeout
    if isinstance(source, bool) or not isinstance(source, (str, Path, int)):
        if isinstance(source, (bool, bytes)) or not isinstance(source, Iterable):
            raise ArgumentTypeError(
                f"a {type(source).__name__} is no source; name a path, an address, a camera's number or an iterable"
            )
        if kind != "live":
            return IterableSource(source, every=every, turn=turn, max_megapixels=max_megapixels)
        name, is_repeatable = ITERABLE_NAME, False
        connect_source = partial(IterableConnection, source, name=name, max_megapixels=max_megapixels)
    elif (device := _camera_of(source)) is not None:
        name, kind = device, kind or "live"
        connect_source = partial(connect_camera, device, settings)
    elif isinstance(source, str) and is_address(source):
        address = parse_address(source)
        kind = kind or ("file" if _is_recording(address) else "live")
        name, timeout = address.shown, timeout_of(address, settings)
        connect_source = partial(connect, address, settings, kind=kind)
    elif kind == "live":
        path = Path(str(source))
        name, is_repeatable = str(path), False
        connect_source = partial(_connect_file, path, settings)
    else:
        path = Path(str(source))
        if ":" in str(source) and "@" in str(source) and not path.exists():
            raise SourceNotFoundError(
                f"{shown_name(str(source))} does not exist; an address begins with rtsp:// or the like"
            )
        return open_file(path, every=every, turn=turn, stream=stream, max_megapixels=max_megapixels, memory=memory)
    if every != 1 or stream is not None:
        raise UsageError(f"{name}: every and stream are for files; a live source gives its newest frame anyway")
    return LiveSource(
        connect_source,
        name=name,
        kind=kind,
        timeout=timeout,
        turn=turn,
        is_repeatable=is_repeatable,
        gives_up=settings.gives_up,
        on_change=on_change,
    )


def _camera_of(source: str | Path | int) -> str | None:
    """The device of a camera; a file that is named like a number is a file."""
    if isinstance(source, int) and source < 0:
        raise UsageError(f"{source} is no camera; their numbers begin at 0")
    return None if isinstance(source, str) and Path(source).is_file() else camera_device(str(source))


def _is_recording(address: Address) -> bool:
    path = re.split(r"[?#]", address.path)[0]
    return address.scheme in ("http", "https") and Path(path).suffix.lower() in RECORDING_SUFFIXES


def _connect_file(path: Path, settings: LiveSettings) -> Connection:
    """A file as if it were a camera: at its own pace, what nobody takes in time is dropped."""
    name = str(path)
    try:
        container = open_media(path, max_megapixels=settings.max_megapixels)
    except SourceNotFoundError as error:
        raise SourceFaultError(name, FaultKind.NOT_FOUND, "there is no such file", remedy="check the path") from error
    except SourceFormatError as error:
        raise SourceFaultError(name, FaultKind.CODEC, "it is no video", remedy="name a video file") from error
    return Connection(
        container,
        name=name,
        timeout=settings.timeout,
        paced=True,
        max_megapixels=settings.max_megapixels,
        tap=settings.tap,
    )


def open_file(
    path: Path,
    *,
    every: int = 1,
    turn: int = 0,
    stream: int | None = None,
    max_megapixels: float = DEFAULT_MAX_MEGAPIXELS,
    memory: int = DEFAULT_MEMORY,
) -> FileSource | ImagesSource:
    """Open a video, an image, or a folder of images (one video, 25 images a second).

    Args:
        path: The input, as `find_inputs` gives it. What a file holds decides, but a file named as an image is taken for
            one.
        every: Use each n-th frame only.
        turn: Degrees to the right by which every picture is turned: 0, 90, 180 or 270.
        stream: Which stream of a video file, as FFmpeg's tools number them; None takes the main one.
        max_megapixels: Larger pictures are refused before they are decoded.
        memory: Bytes that frames, decoder and encoder may take together (see `edgeact.memory`).

    Raises:
        SourceNotFoundError: There is no such path, or a folder without images.
        SourceFormatError: It cannot be decoded, is too large, or is HEIC without the extra for it.
        UsageError: ``every`` is less than 1, ``turn`` no quarter turn, or the file has no video stream of this index.
    """
    if path.is_dir():
        images = media_in(path, IMAGE_SUFFIXES)
        if not images:
            raise SourceNotFoundError(f"{path} is a folder without images; name the videos in it")
        readable, note = _readable(path, images)
        return ImagesSource(readable, every=every, turn=turn, max_megapixels=max_megapixels, note=note)
    is_image = path.suffix.lower() in IMAGE_SUFFIXES
    header = None
    with contextlib.nullcontext() if is_image else contextlib.suppress(SourceFormatError):  # a video may begin oddly
        header = read_header(path)
    if header is not None:
        check_pixels(path, header.width, header.height, max_megapixels=max_megapixels)
        if header.kind == "heif":
            is_image = True
        elif header.kind == "gif" or (header.kind == "png" and len(header.pages) > 1):
            is_image = False  # animations that FFmpeg reads, with the times that they say
    elif path.suffix.lower() in OTHER_IMAGE_SUFFIXES and path.is_file():
        raise SourceFormatError(f"{path} is an image of a format that is not read; save it as PNG or JPEG")
    if is_image:
        return ImagesSource([path], every=every, turn=turn, max_megapixels=max_megapixels)
    return FileSource(path, every=every, turn=turn, stream_index=stream, max_megapixels=max_megapixels, memory=memory)


def _readable(folder: Path, images: Sequence[Path]) -> tuple[list[Path], str | None]:
    """The images of a folder that can be read here, and a line on those that are left out.

    Raises:
        SourceFormatError: None can be.
    """
    unread = [] if missing_reader() is None else [path for path in images if path.suffix.lower() in HEIF_SUFFIXES]
    others = media_in(folder, OTHER_IMAGE_SUFFIXES)
    readable = [path for path in images if path not in set(unread)]
    parts = []
    if unread:
        parts.append(f"{listed(unread)}: HEIC and AVIF need an extra, {INSTALL_LINE}")
    if others:
        parts.append(f"{listed(others)}: these formats are not read; {RESAVE}")
    note = f"{folder}: left out are {'; and '.join(parts)}" if parts else None
    if not readable:
        raise SourceFormatError(
            f"{folder} has no image that can be read: {listed(unread)} need an extra, {INSTALL_LINE}"
        )
    return readable, note
