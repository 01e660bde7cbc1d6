"""Turn the files, patterns and folders of a command line into a list of inputs."""

import contextlib
import glob
import re
from collections.abc import Sequence
from pathlib import Path

from edgeact.capture.address import is_address, shown_name
from edgeact.capture.images import IMAGE_SUFFIXES
from edgeact.errors import EdgeactError, SourceNotFoundError, UsageError

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
RESAVE = "save them as PNG or JPEG"


def left_out(pattern: str) -> list[str]:
    """One line for each folder that a pattern stands for and in which images lie beside the videos, and one on the
    images that match a pattern but are not read.

    `find_inputs` takes the videos only; folders of images say themselves what they leave out (`ImagesSource.message`).
    """
    with contextlib.suppress(OSError, ValueError, re.error):  # `find_inputs` says what is wrong with it
        return _left_out(without_tilde(pattern), pattern)
    return []


def _left_out(path: Path, pattern: str) -> list[str]:
    if path.is_file():
        return []
    matches = [path] if path.is_dir() else [Path(match) for match in glob.glob(str(path), recursive=True)]  # noqa: PTH207
    others = sorted((match for match in matches if match.suffix.lower() in OTHER_IMAGE_SUFFIXES), key=natural_key)
    lines = [f"{pattern}: left out are {listed(others)}: these formats are not read; {RESAVE}"] if others else []
    for folder in sorted((match for match in matches if match.is_dir()), key=natural_key):
        images = media_in(folder, IMAGE_SUFFIXES | OTHER_IMAGE_SUFFIXES)
        if images and media_in(folder, VIDEO_SUFFIXES):
            lines.append(
                f"{folder} holds videos, so its images are left out: {listed(images)}; name the images themselves, or "
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
    path = without_tilde(pattern)
    if path.is_dir():
        inputs = _inputs_of_folder(path)
        if not inputs and (others := media_in(path, OTHER_IMAGE_SUFFIXES)):
            raise SourceNotFoundError(
                f"{path} has only images of formats that are not read: {listed(others)}; {RESAVE}"
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
    """Refuse a pattern that names a camera or stream; the message says which command takes it.

    Raises:
        SourceNotFoundError: The pattern is one: an address, a number, a device, a pipe or the standard input.
    """
    path = Path(pattern)
    is_number = (pattern.isdecimal() or pattern == "-") and not path.exists()
    if is_address(pattern) or is_number or _is_device(path):
        name = shown_name(pattern)
        raise SourceNotFoundError(
            f"{name} is a camera or stream, and this command takes video files, images and folders; "
            "edgeact watch reads cameras and streams"
        )


def _is_device(path: Path) -> bool:
    with contextlib.suppress(OSError):  # a name that cannot be looked up is said to be absent later
        # Also a device that is not there; /dev/shm holds ordinary files.
        in_dev = path.parts[:2] == ("/", "dev") and path.parts[2:3] != ("shm",)
        return in_dev or path.is_fifo() or path.is_char_device() or path.is_socket()
    return False


def listed(paths: Sequence[Path]) -> str:
    """Names for a message: the first three and the number of the others."""
    names = ", ".join(path.name for path in paths[:NAMES_SHOWN])
    more = len(paths) - NAMES_SHOWN
    return f"{names} and {more} more" if more > 0 else names


def without_tilde(pattern: str) -> Path:
    """The path, ``~`` replaced by the home folder unless there is a file of that very name."""
    path = Path(pattern)
    if not pattern.startswith("~") or path.exists():
        return path
    try:
        return path.expanduser()
    except RuntimeError:  # no user of that name: `~clip.mp4` is a file name like any other
        return path


def _inputs_of_folder(folder: Path) -> list[Path]:
    videos = media_in(folder, VIDEO_SUFFIXES)
    if videos:
        return videos
    return [folder] if media_in(folder, IMAGE_SUFFIXES) else []


def media_in(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    """The files of a folder with one of these suffixes, by name; hidden ones are left out."""
    media = [
        path
        for path in folder.iterdir()
        if path.suffix.lower() in suffixes and not path.name.startswith(".") and path.is_file()
    ]
    return sorted(media, key=natural_key)
