"""One budget of memory for the frames in work, the decoder and the encoder: who may hold how much of it.

Small pictures never notice. Where pictures are so large that everything together would exceed the budget, fewer frames
are in work at once, the decoder gets fewer threads, and the encoder looks ahead less far. What the networks and Python
itself take (some 300 MB) comes on top.

All sizes are bytes a pixel, measured on 3840×2160: libx264 (preset ultrafast) takes 14.4 and 2.9 for every picture that
it looks ahead, or 7.4 when it sees but one picture; FFmpeg's H.264 decoder 9.5 and 2.8 for every thread.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgeact.errors import ConfigError

if TYPE_CHECKING:  # capture itself asks here what it may take
    from edgeact.capture.base import SourceInfo

MEGABYTE = 2**20
DEFAULT_MEMORY = 2048 * MEGABYTE

_RGB = 3  # a frame; and once more when something is drawn on a copy of it
_CONVERSION = 6  # copies that live for a moment: turning a decoded picture into RGB, and a drawn one into YUV
_DECODER, _DECODER_THREAD = 10, 3
_ENCODER, _ENCODER_PICTURE, _ENCODER_ONE_PICTURE = 15, 3, 8

MAXIMUM_DECODER_THREADS = 4  # more decode little faster
MAXIMUM_LOOKAHEAD = 10  # pictures; see the encoder's options
_MAXIMUM_IN_WORK = 1000  # no limit: the queues end before
_MINIMUM_IN_WORK = 2  # the sinks hold one frame back until they have the next

# What the decoder may take of the budget, so that the same is left for the encoder and more for the frames.
_DECODER_SHARE = 4


@dataclass(frozen=True, slots=True)
class _Need:
    """Bytes a pixel that a run takes at least: for every frame in work, and for everything else."""

    frame: int
    rest: int


def decoder_threads(width: int, height: int, *, memory: int = DEFAULT_MEMORY) -> int:
    """Threads that a decoder of pictures of this size may have: 1 to 4."""
    affordable = (memory // _DECODER_SHARE // _pixels(width, height) - _DECODER) // _DECODER_THREAD
    return max(1, min(affordable, MAXIMUM_DECODER_THREADS))


def encoder_lookahead(width: int, height: int, *, memory: int = DEFAULT_MEMORY) -> int:
    """Pictures that an encoder of pictures of this size may look ahead: 0 to 10."""
    affordable = (memory // _DECODER_SHARE // _pixels(width, height) - _ENCODER) // _ENCODER_PICTURE
    return max(0, min(affordable, MAXIMUM_LOOKAHEAD))


def frames_in_work(info: "SourceInfo", *, memory: int = DEFAULT_MEMORY, drawn: bool = True) -> int:
    """Frames of this source that may be read and not yet written at once; at least 2."""
    need = _need(info, memory=memory, drawn=drawn)
    affordable = (memory // _pixels(info.width, info.height) - need.rest) // need.frame
    return max(_MINIMUM_IN_WORK, min(affordable, _MAXIMUM_IN_WORK))


def check_memory(info: "SourceInfo", *, memory: int, drawn: bool) -> None:
    """See that the budget can be kept with pictures of this size.

    Raises:
        ConfigError: It cannot; the message says how much is needed.
    """
    need = _need(info, memory=memory, drawn=drawn)
    frames = min(_MINIMUM_IN_WORK, info.frame_count or _MINIMUM_IN_WORK)
    needed = (frames * need.frame + need.rest) * _pixels(info.width, info.height)
    if needed > memory:
        without = ", or write no video (--no-video)" if drawn else ""
        raise ConfigError(
            f"{info.name}: pictures of {info.width}×{info.height} need {-(-needed // MEGABYTE)} MB of memory, "
            f"memory_megabytes is {memory // MEGABYTE}; raise it with --config{without}"
        )


def _need(info: "SourceInfo", *, memory: int, drawn: bool) -> _Need:
    size = {"width": info.width, "height": info.height, "memory": memory}
    rest = _CONVERSION
    if info.frame_count != 1:
        rest += _DECODER + _DECODER_THREAD * decoder_threads(**size)
    if not drawn:
        return _Need(_RGB, rest)
    if info.frame_count == 1:
        return _Need(2 * _RGB, rest + _ENCODER_ONE_PICTURE)
    return _Need(2 * _RGB, rest + _ENCODER + _ENCODER_PICTURE * encoder_lookahead(**size))


def _pixels(width: int, height: int) -> int:
    return max(1, width * height)
