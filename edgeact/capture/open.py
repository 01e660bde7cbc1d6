"""From what a person names (files, patterns, folders) to inputs, and from an input to a source."""

import glob
import re
from collections.abc import Sequence
from pathlib import Path

from edgeact.capture.file import FileSource
from edgeact.capture.images import IMAGE_SUFFIXES, ImagesSource
from edgeact.errors import SourceNotFoundError, UsageError

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".m2ts", ".mts", ".vob"}
    | {".wmv", ".asf", ".flv", ".3gp", ".ogv", ".mxf", ".gif", ".y4m", ".mjpeg", ".h264", ".hevc", ".ivf"}
)


def open_source(path: Path, *, every: int = 1) -> FileSource | ImagesSource:
    """Open a video, an image, or a folder of images (one video, 25 images a second).

    Args:
        path: The input, as `find_inputs` gives it. What a file holds decides, but a file named as an image is taken for
            one.
        every: Use each n-th frame only.

    Raises:
        SourceNotFoundError: There is no such path, or a folder without images.
        SourceFormatError: It cannot be decoded.
        UsageError: ``every`` is less than 1.
    """
    if path.is_dir():
        images = _media_in(path, IMAGE_SUFFIXES)
        if not images:
            raise SourceNotFoundError(f"{path} is a folder without images; name the videos in it")
        return ImagesSource(images, every=every)
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return ImagesSource([path], every=every)
    return FileSource(path, every=every)


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
    if re.match(r"(rtsp|rtsps|rtmp|http|https|udp|srt)://", pattern):
        raise SourceNotFoundError(
            f"{pattern.partition('://')[0]} streams are not read yet; record the stream to a file and name that"
        )
    path = Path(pattern).expanduser()
    if path.is_dir():
        inputs = _inputs_of_folder(path)
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
