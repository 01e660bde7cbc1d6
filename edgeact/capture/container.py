"""Opens a media file through PyAV and says clearly why one cannot be used."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from edgeact.capture.image_header import is_heif
from edgeact.capture.limits import DEFAULT_MAX_MEGAPIXELS, pixel_option
from edgeact.errors import SourceFormatError, SourceNotFoundError, UsageError
from edgeact.memory import DEFAULT_MEMORY, decoder_threads

# Formats that name other files to be opened: a file from elsewhere must not make edgeact read what its sender chose.
READ_KINDS = {"png", "jpeg", "webp", "bmp", "tiff"}  # images that have a reader, by FFmpeg's names
PLAYLIST_FORMATS = {"concat", "hls", "dash", "imf"}


def open_media(path: Path, *, max_megapixels: float = DEFAULT_MAX_MEGAPIXELS) -> InputContainer:
    """Open a file for reading, and nothing but this file (no network, no playlist's entries).

    Looking into it, FFmpeg decodes pictures of up to ``max_megapixels`` only.

    Raises:
        SourceNotFoundError: There is no such path.
        SourceFormatError: It is a folder, empty, unreadable, or of no known media format.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise SourceNotFoundError(f"{path} cannot be found ({error.strerror}); check the path") from error
    if path.is_dir():
        raise SourceFormatError(f"{path} is a folder, not a video; name the files in it")
    if size == 0:
        raise SourceFormatError(f"{path} is empty (0 bytes): the recording or copy failed; copy it again")
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError as error:
        raise SourceFormatError(
            f"{path} cannot be read ({error.strerror}); change its permissions or copy it elsewhere"
        ) from error
    if is_heif(head):
        raise SourceFormatError(f"{path} is a HEIC or AVIF picture, not a video; name it as an image of its own")
    try:
        # "file:" keeps a name with a colon from being taken for a protocol.
        options = {"protocol_whitelist": "file", **pixel_option(max_megapixels)}
        container = av.open(f"file:{path}", "r", options=options, metadata_errors="replace")
    except (av.FFmpegError, OSError) as error:
        raise SourceFormatError(f"{path} {_reason(head)}") from error
    if container.format.name in PLAYLIST_FORMATS:
        container.close()
        raise SourceFormatError(f"{path} is a list of other files, not a video; name the videos themselves")
    if container.format.name.endswith("_pipe") or container.format.name.startswith("image2"):
        kind = container.format.name.removesuffix("_pipe")
        container.close()
        remedy = f"rename it to {path.stem}.{kind} to use it as an image" if kind in READ_KINDS else "save it as PNG"
        raise SourceFormatError(f"{path} is an image with the name of a video; {remedy}")
    return container


def select_video(
    container: InputContainer, path: Path, *, index: int | None = None, memory: int = DEFAULT_MEMORY
) -> VideoStream:
    """The video stream that is used, set to decode in threads, as many as the budget of memory allows: the one place
    where it is chosen.

    Without an index it is the one with the most pixels: where there are two, the small one is a preview. Covers and
    other single pictures are no videos.

    Args:
        container: The file.
        path: Its name, for messages.
        index: Of the stream in the container, as FFmpeg's tools number them; None chooses.
        memory: Bytes that frames, decoder and encoder may take together (see `edgeact.memory`).

    Raises:
        SourceFormatError: There is none (audio only, perhaps with a cover picture), or no decoder for it.
        UsageError: There is no video stream of this index.
    """
    streams = video_streams(container)
    if not streams and index is None:
        if len(container.streams) == 0:
            raise SourceFormatError(
                f"{path} has neither pictures nor sound: the recording or copy broke off; copy it again or repair it"
            )
        found = "only audio" if container.streams.audio else "no video stream"
        raise SourceFormatError(f"{path} has {found}; name a file with pictures")
    if index is not None:
        stream = next((candidate for candidate in container.streams.video if candidate.index == index), None)
        if stream is None:
            have = describe_streams(container.streams.video) or "none"
            raise UsageError(f"{path} has no video stream {index} (--stream); it has {have}")
    else:
        stream = max(streams, key=_fitness)
    context: Any = stream.codec_context  # None without a decoder, although PyAV's annotation does not say so
    if context is None:
        raise SourceFormatError(
            f"{path} is coded in a way that this build of FFmpeg cannot decode; convert it to H.264"
        )
    stream.thread_type = "AUTO"
    stream.thread_count = min(os.cpu_count() or 1, decoder_threads(stream.width, stream.height, memory=memory))
    return stream


def video_streams(container: InputContainer) -> list[VideoStream]:
    """The video streams that are videos, and no covers."""
    pictures = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    return [stream for stream in container.streams.video if not stream.disposition & pictures]


def describe_streams(streams: Sequence[VideoStream]) -> str:
    """Number and size of each, for messages."""
    words = []
    for stream in streams:
        context: Any = stream.codec_context
        words.append(
            f"{stream.index} ({context.width}×{context.height})" if context else f"{stream.index} (undecodable)"
        )
    return ", ".join(words)


def _fitness(stream: VideoStream) -> tuple[bool, bool, int, bool, int]:
    context: Any = stream.codec_context
    if context is None:
        return (False, False, 0, False, -stream.index)
    is_default = bool(stream.disposition & Disposition.default)
    return (True, stream.frames != 1, context.width * context.height, is_default, -stream.index)


def announced_seconds(container: InputContainer, stream: VideoStream, *, start: float) -> float | None:
    """How long the container says that its video lasts from its first frame, at ``start`` seconds, on; None where it
    does not say.
    """
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    seconds = None
    tag = re.fullmatch(
        r"(\d+):(\d+):(\d+(?:\.\d+)?)", stream.metadata.get("DURATION", "")
    )  # Matroska's: 00:00:03.600000000
    if tag is not None:
        seconds = int(tag[1]) * 3600 + int(tag[2]) * 60 + float(tag[3])
    elif container.duration is not None and len(container.streams) == 1:
        # The container's own duration is that of its longest stream, so it speaks for the video only where there is no
        # other.
        seconds = container.duration / av.time_base
    if seconds is None:
        return None
    return seconds - start if 0.0 < start < seconds else seconds  # both count from zero


def _reason(head: bytes) -> str:
    """Why FFmpeg did not open a file that begins like this, and what to do."""
    if head.startswith((b"ffconcat", b"#EXTM3U")):
        return "is a list of other files, not a video; name the videos themselves"
    if head[4:8] == b"ftyp":
        return "is an MP4 without its index (moov): the recording or copy broke off; copy it again or repair it"
    return "is not a video: its content is of no known media format; name a video file"
