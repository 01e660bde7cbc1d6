"""Encodes the frames of a camera for its recorder, where the camera's own packets must not be kept or cannot be.

That is so where people are taken out of the pictures. It costs some 7 ms of a core for each 720p frame, all the time,
because what comes before an event has to be there when it is told.
"""

import contextlib
import io
import logging
from collections.abc import Sequence
from typing import Any

import av

from edgeact.daemon.recorder import Recorder
from edgeact.errors import OutputError
from edgeact.media.encoded import EncodedPacket, Encoding, encoding_of
from edgeact.media.encoder import PictureEncoder, check_size, immediate_encoder
from edgeact.sinks.base import SinkInput
from edgeact.types import Event, Frame, Observation, UInt8

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 60.0


class FrameRecording:
    """A sink that encodes each frame and gives the packets to the recorder.

    Args:
        recorder: Of the camera.
        rate: Frames a second, about.
    """

    def __init__(self, recorder: Recorder, rate: float) -> None:
        self._recorder, self._rate = recorder, rate
        self._encoder: PictureEncoder | None = None
        self._encoding: Encoding | None = None
        self._holder: Any = None  # the container that the encoder's stream belongs to; never read
        self._failed = float("-inf")  # `captured` of the frame that the encoder failed on
        self._offset = 0.0  # from the source's time to `time.monotonic`, of the newest frame

    @property
    def takes(self) -> frozenset[SinkInput]:
        """Observations; people are already concealed in their frames."""
        return frozenset({"observations"})

    def write(self, observation: Observation, picture: UInt8 | None) -> None:  # noqa: ARG002  one interface for all sinks
        """Encode a frame, unless the camera's own packets are recorded. Where the encoder fails, a new one begins."""
        frame = observation.frame
        if self._recorder.is_copying or frame.captured - self._failed < _RETRY_SECONDS:
            return
        try:
            encoder = self._encoder or self._open(frame)
            self._offset = frame.captured - frame.time
            self._give(encoder.encode(frame.image, frame.time, duration=frame.duration))
        except (av.FFmpegError, OSError, OutputError) as error:
            logger.error("%s: frames cannot be encoded (%s); it is tried again", frame.source, error)
            self._failed = frame.captured
            self._let_go()

    def write_event(self, event: Event) -> None:
        """Do nothing: `EventMedia` tells the recorder of events."""

    def close(self) -> None:
        """Give the recorder the frames that the encoder still holds."""
        if self._encoder is not None:
            self._give(self._encoder.flush())
            self._let_go()

    def abort(self) -> None:
        """Do the same as `close`."""
        self.close()

    def _open(self, frame: Frame) -> PictureEncoder:
        height, width = frame.image.shape[:2]
        check_size(width, height, name=frame.source)
        holder = av.open(io.BytesIO(), "w", format="mp4", options={"movflags": "frag_keyframe+empty_moov"})
        self._holder = holder
        encoder = immediate_encoder(holder, width=width, height=height, rate=self._rate)
        holder.start_encoding()
        self._encoder, self._encoding = encoder, encoding_of(encoder.stream)
        return encoder

    def _let_go(self) -> None:
        """Free the encoder and its threads: container and stream hold each other until the container is closed."""
        with contextlib.suppress(av.FFmpegError, OSError, ValueError):
            if self._holder is not None:
                self._holder.close()
        self._encoder = self._holder = None

    def _give(self, packets: Sequence[Any]) -> None:
        for packet in packets:
            assert self._encoding is not None  # noqa: S101 - opened with the encoder
            seconds = float(packet.dts * packet.time_base)
            lead = float((packet.pts - packet.dts) * packet.time_base)
            arrived = seconds + lead + self._offset
            self._recorder.put(
                EncodedPacket(self._encoding, bytes(packet), seconds, lead, bool(packet.is_keyframe), arrived)
            )
