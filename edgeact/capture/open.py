"""From what a person names (files, patterns, folders) to inputs, and from an input to a source."""

import contextlib
import glob
import re
from collections.abc import Sequence
from pathlib import Path

from edgeact.capture.file import FileSource
from edgeact.capture.heif import HEIF_SUFFIXES, INSTALL_LINE, missing_reader
from edgeact.capture.image_header import read_header
from edgeact.capture.images import IMAGE_SUFFIXES, ImagesSource
from edgeact.capture.limits import DEFAULT_MAX_MEGAPIXELS, check_pixels
from edgeact.errors import EdgeactError, SourceFormatError, SourceNotFoundError, UsageError
from edgeact.memory import DEFAULT_MEMORY

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts", ".vob"}
    | {".wmv", ".asf", ".flv", ".3gp", ".ogv", ".mxf", ".gif", ".y4m", ".mjpeg", ".h264", ".hevc", ".ivf"}
)

# Pictures that nothing here reads; where they lie among others, the result says so.
OTHER_IMAGE_SUFFIXES = frozenset(
    {".jxl", ".jp2", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".pef", ".srw"}
    | {".psd", ".exr", ".hdr", ".svg", ".tga", ".ppm", ".pgm", ".pbm", ".pnm", ".pcx", ".dds", ".sgi", ".j2k", ".pfm"}
)
NAMES_SHOWN = 3  # of files in a message
_RESAVE = "save them as PNG or JPEG"


def open_source(
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
        images = _media_in(path, IMAGE_SUFFIXES)
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


def left_out(pattern: str) -> list[str]:
    """One line for each folder that a pattern stands for and in which images lie beside the videos, and one on the
    images that match a pattern but are not read.

    `find_inputs` takes the videos only; folders of images say themselves what they leave out (`ImagesSource.message`).
    """
    with contextlib.suppress(OSError, ValueError, re.error):  # `find_inputs` says what is wrong with it
        return _left_out(_without_tilde(pattern), pattern)
    return []


def _left_out(path: Path, pattern: str) -> list[str]:
    if path.is_file():
        return []
    matches = [path] if path.is_dir() else [Path(match) for match in glob.glob(str(path), recursive=True)]  # noqa: PTH207
    others = sorted((match for match in matches if match.suffix.lower() in OTHER_IMAGE_SUFFIXES), key=natural_key)
    lines = [f"{pattern}: left out are {_listed(others)}: these formats are not read; {_RESAVE}"] if others else []
    for folder in sorted((match for match in matches if match.is_dir()), key=natural_key):
        images = _media_in(folder, IMAGE_SUFFIXES | OTHER_IMAGE_SUFFIXES)
        if images and _media_in(folder, VIDEO_SUFFIXES):
            lines.append(
                f"{folder} holds videos, so its images are left out: {_listed(images)}; name the images themselves, or "
                "move them into a folder of their own"
            )
    return lines


def find_inputs(patterns: Sequence[str]) -> list[Path]:
    """The inputs that a command line names.

    - A file is an input, whatever its name.
    - A folder with videos stands for each of them (its images are left out); a folder with images only is one input.
      Subfolders are not searched, hidden files are left out.
    - A pattern with ``*``, ``?``, ``[...]`` or ``**`` stands for the videos, images and folders that match, so it may
      be quoted.

    Order: that of the patterns, and within each by name, numbers by value (``2.mp4`` before ``10.mp4``). What is named
        twice counts once.

    Raises:
        SourceNotFoundError: A pattern names nothing, or a folder has no media.
        UsageError: A pattern is empty.
    """
    found: dict[Path, Path] = {}  # by resolved path
    for pattern in patterns:
        for path in _expand(pattern):
            found.setdefault(path.resolve(), path)
    return list(found.values())


def natural_key(path: Path) -> tuple[tuple[tuple[str, int], ...], str]:
    """Sorts names as a person does: letter case aside and numbers by value; the path itself decides between equals."""
    parts = re.findall(r"([^0-9]*)([0-9]*)", str(path).casefold())
    return tuple((text, int(digits) if digits else -1) for text, digits in parts), str(path)


def _expand(pattern: str) -> list[Path]:
    if not pattern.strip():
        raise UsageError(
            "an input is empty, which would mean this folder: a shell variable without a value? Name it . if you "
            "do mean it"
        )
    try:
        _refuse_camera(pattern)
        return _expand_path(pattern)
    except (OSError, ValueError, re.error) as error:
        if isinstance(error, EdgeactError):
            raise
        reason = getattr(error, "strerror", None) or error
        raise SourceNotFoundError(
            f"{pattern} cannot be looked at ({reason}); check the path and its permissions"
        ) from error


def _expand_path(pattern: str) -> list[Path]:
    path = _without_tilde(pattern)
    if path.is_dir():
        inputs = _inputs_of_folder(path)
        if not inputs and (others := _media_in(path, OTHER_IMAGE_SUFFIXES)):
            raise SourceNotFoundError(
                f"{path} has only images of formats that are not read: {_listed(others)}; {_RESAVE}"
            )
        if not inputs:
            raise SourceNotFoundError(
                f"{path} has no video or image directly in it; name another folder, or its subfolders with the "
                f"pattern '{path}/*'"
            )
        return inputs
    if path.exists():  # also a file whose name looks like a pattern
        return [path]
    if not glob.has_magic(pattern):
        raise SourceNotFoundError(f"{path} does not exist; check the path")
    matches = [Path(match) for match in glob.glob(str(path), recursive=True)]  # noqa: PTH207  Path.glob takes no absolute pattern
    expanded: list[Path] = []
    for match in sorted(matches, key=natural_key):
        if match.is_dir():
            expanded += _inputs_of_folder(match)
        elif match.suffix.lower() in VIDEO_SUFFIXES | IMAGE_SUFFIXES:
            expanded.append(match)
    if not expanded:
        raise SourceNotFoundError(f"{pattern} matches no video, no image and no folder of them; check the pattern")
    # `photos/**` matches a folder and the images in it: they are in already.
    return [media for media in expanded if media.parent not in expanded]


def _refuse_camera(pattern: str) -> None:
    """Say of a camera or stream what can be done today.

    Raises:
        SourceNotFoundError: The pattern is one: an address, a number, a device, a pipe or the standard input.
    """
    address = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*)://", pattern)
    path = Path(pattern)
    if address is not None:
        name = f"{address[1]}://…"  # the rest may hold a password
    elif ((pattern.isdecimal() or pattern == "-") and not path.exists()) or _is_device(path):
        name = pattern
    else:
        return
    raise SourceNotFoundError(
        f"{name} is a camera or stream, and these are not read yet: edgeact takes video files, images and folders. "
        "Record first and name the file, for example: ffmpeg -f v4l2 -i /dev/video0 -t 60 clip.mp4, or: ffmpeg -i "
        "rtsp://CAMERA -t 60 clip.mp4"
    )


def _is_device(path: Path) -> bool:
    with contextlib.suppress(OSError):  # a name that cannot be looked up is said to be absent later
        # Also a device that is not there; /dev/shm holds ordinary files.
        in_dev = path.parts[:2] == ("/", "dev") and path.parts[2:3] != ("shm",)
        return in_dev or path.is_fifo() or path.is_char_device() or path.is_socket()
    return False


def _readable(folder: Path, images: Sequence[Path]) -> tuple[list[Path], str | None]:
    """The images of a folder that can be read here, and a line on those that are left out.

    Raises:
        SourceFormatError: None can be.
    """
    unread = [] if missing_reader() is None else [path for path in images if path.suffix.lower() in HEIF_SUFFIXES]
    others = _media_in(folder, OTHER_IMAGE_SUFFIXES)
    readable = [path for path in images if path not in set(unread)]
    parts = []
    if unread:
        parts.append(f"{_listed(unread)}: HEIC and AVIF need an extra, {INSTALL_LINE}")
    if others:
        parts.append(f"{_listed(others)}: these formats are not read; {_RESAVE}")
    note = f"{folder}: left out are {'; and '.join(parts)}" if parts else None
    if not readable:
        raise SourceFormatError(
            f"{folder} has no image that can be read: {_listed(unread)} need an extra, {INSTALL_LINE}"
        )
    return readable, note


def _listed(paths: Sequence[Path]) -> str:
    """Names for a message: the first three and the number of the others."""
    names = ", ".join(path.name for path in paths[:NAMES_SHOWN])
    more = len(paths) - NAMES_SHOWN
    return f"{names} and {more} more" if more > 0 else names


def _without_tilde(pattern: str) -> Path:
    """The path, ``~`` replaced by the home folder unless there is a file of that very name."""
    path = Path(pattern)
    if not pattern.startswith("~") or path.exists():
        return path
    try:
        return path.expanduser()
    except RuntimeError:  # no user of that name: `~clip.mp4` is a file name like any other
        return path


def _inputs_of_folder(folder: Path) -> list[Path]:
    videos = _media_in(folder, VIDEO_SUFFIXES)
    if videos:
        return videos
    return [folder] if _media_in(folder, IMAGE_SUFFIXES) else []


def _media_in(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    media = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file()
    ]
    return sorted(media, key=natural_key)
