"""Opens a media file through PyAV and says clearly why one cannot be used."""

import contextlib
import itertools
import os
import re
from pathlib import Path
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from edgeact.capture.image_header import is_heif
from edgeact.capture.limits import DEFAULT_MAX_MEGAPIXELS, pixel_option
from edgeact.errors import SourceFormatError, SourceNotFoundError
from edgeact.memory import DEFAULT_MEMORY, decoder_threads

# Timestamps that begin further from zero than this come from a clock of their own, not from the beginning of the file.
FOREIGN_CLOCK_SECONDS = 60.0
CLOCK_MAY_JUMP = 0x0200  # AVFMT_TS_DISCONT: FFmpeg's mark of formats whose timestamps are a sender's clock
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


def select_video(container: InputContainer, path: Path, *, memory: int = DEFAULT_MEMORY) -> VideoStream:
    """The container's main video stream, set to decode in threads, as many as the budget of memory allows.

    Raises:
        SourceFormatError: There is none (audio only, perhaps with a cover picture), or no decoder for it.
    """
    # The cover of a music file is a video stream of one picture; it is no video.
    streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not streams:
        if len(container.streams) == 0:
            raise SourceFormatError(
                f"{path} has neither pictures nor sound: the recording or copy broke off; copy it again or repair it"
            )
        found = "only audio" if container.streams.audio else "no video stream"
        raise SourceFormatError(f"{path} has {found}; name a file with pictures")
    best = container.streams.best("video")
    stream = next((candidate for candidate in streams if candidate is best), streams[0])
    context: Any = stream.codec_context  # None without a decoder, although PyAV's annotation does not say so
    if context is None:
        raise SourceFormatError(
            f"{path} is coded in a way that this build of FFmpeg cannot decode; convert it to H.264"
        )
    stream.thread_type = "AUTO"
    stream.thread_count = min(os.cpu_count() or 1, decoder_threads(stream.width, stream.height, memory=memory))
    return stream


def time_origin(container: InputContainer) -> float:
    """The timestamp in seconds that counts as zero.

    It is 0 for files that count from their own beginning, as MP4, Matroska and AVI do: their timestamps are taken as
    they are. Transport streams (and cuttings of a running stream) carry the sender's clock, which began anywhere: their
    zero is the first timestamp of any of their streams, as in every player.
    """
    start = min(_start_times(container), default=0.0)
    foreign = bool(container.format.flags & CLOCK_MAY_JUMP) or abs(start) > FOREIGN_CLOCK_SECONDS
    return start if foreign else 0.0


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


def _start_times(container: InputContainer) -> list[float]:
    """Seconds of the first timestamp of every stream of pictures or sound."""
    # Not `container.start_time`, which is rounded to microseconds: the first frame would come out just beside zero.
    known = [
        float(stream.start_time * stream.time_base)
        for stream in (*container.streams.video, *container.streams.audio)
        if stream.start_time is not None and stream.time_base is not None
    ]
    if known:
        return known
    # Some demuxers know it only after reading: a second look, so that nothing is taken from the first.
    with av.open(container.name, "r", options={"protocol_whitelist": "file"}, metadata_errors="replace") as again:
        first: dict[int, float] = {}
        with contextlib.suppress(av.FFmpegError, OSError):  # a start that cannot be read is none
            for packet in itertools.islice(again.demux(), 100):
                if packet.pts is not None and packet.stream.type in ("video", "audio"):
                    first.setdefault(packet.stream.index, float(packet.pts * packet.time_base))
        return list(first.values())


def _reason(head: bytes) -> str:
    """Why FFmpeg did not open a file that begins like this, and what to do."""
    if head.startswith((b"ffconcat", b"#EXTM3U")):
        return "is a list of other files, not a video; name the videos themselves"
    if head[4:8] == b"ftyp":
        return "is an MP4 without its index (moov): the recording or copy broke off; copy it again or repair it"
    return "is not a video: its content is of no known media format; name a video file"
