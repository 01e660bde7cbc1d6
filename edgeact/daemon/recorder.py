"""Recordings of one camera from its encoded packets: what came before an event is there when the event is told.

Packets come from the camera as it sends them (`edgeact.capture.connection.PacketTap`), or, where people are taken out
of the pictures, from an encoder (`edgeact.daemon.frame_recording`). Files are written in a thread of their own, so that
a slow disk makes nobody wait; what it has no time for is lost, up to the next keyframe.
"""

import logging
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import av

from edgeact.capture.live_clock import LiveClock
from edgeact.daemon.config import RecordConfig, RecordMode
from edgeact.daemon.media_folder import MediaFolder
from edgeact.errors import OutputError
from edgeact.media.encoded import UNENCODED, EncodedPacket, Encoding, PacketRing, encoding_of
from edgeact.media.segment_file import SegmentFile
from edgeact.memory import MEGABYTE
from edgeact.queues import BoundedQueue
from edgeact.stopping import join_or_leave, named_thread, start_thread

logger = logging.getLogger(__name__)

LONGEST_CLIP_SECONDS = 300.0  # an event that lasts all day has a clip of its beginning
MOST_RING_BYTES = 64 * MEGABYTE
_WAITING_PACKETS = 256  # some ten seconds of a camera, while the disk takes nothing
_LONGEST_LEAD_SECONDS = 2.0  # from decoding a picture to showing it; more is a wrong timestamp
_RETRY_SECONDS = 5.0  # after a file could not be written
_COMPLAINT_SECONDS = 60.0
_POLL_SECONDS = 1.0
_CATCH_UP_SECONDS = 1.0  # for which an event waits for the packets of its own picture, on a busy machine
_STOP_SECONDS = 3.0


@dataclass(slots=True)
class _Clip:
    """A clip that is being written.

    Attributes:
        file: The file.
        events: Identities of the events that still last.
        until: When the clip ends, of `time.monotonic`; infinite while events last.
    """

    file: SegmentFile
    events: set[str]
    until: float


class Recorder:
    """Records the packets of one camera to files while it runs; a `PacketTap`.

    Args:
        camera: Its name in the configuration.
        folder: Where files go.
        config: How long clips and parts are.
        mode: What is recorded.
        ring_seconds: How far back an event may begin, beyond ``before_seconds``, when it is told.

    Attributes:
        lost: Packets that the disk had no time for.
    """

    def __init__(
        self, camera: str, folder: MediaFolder, config: RecordConfig, *, mode: RecordMode, ring_seconds: float
    ) -> None:
        self.lost = 0
        self._camera, self._folder, self._config, self._mode = camera, folder, config, mode
        self._queue: BoundedQueue[tuple[int, EncodedPacket]] = BoundedQueue(_WAITING_PACKETS, drops_oldest=True)
        self._encoding: Encoding | None = None
        self._is_copying = False
        self._clock, self._number = LiveClock(), 0
        self._lock = threading.Lock()  # guards everything below
        self._has_written = threading.Condition(self._lock)
        self._ring = PacketRing(config.before_seconds + ring_seconds, MOST_RING_BYTES)
        self._expected, self._waits_for_keyframe = 0, True
        self._part: SegmentFile | None = None
        self._clip: _Clip | None = None
        self._failed = self._complained = float("-inf")
        self._thread = named_thread(f"recorder of {camera}", self._run)

    @property
    def is_copying(self) -> bool:
        """Whether the camera's own packets are recorded, so that no frame need be encoded."""
        return self._is_copying

    def start(self) -> None:
        """Begin to write.

        Raises:
            PipelineError: The system gives no more threads.
        """
        start_thread(self._thread)

    def begin(self, stream: Any) -> None:
        """Note the encoding of a new connection; all packets come from it from now on."""
        self._clock.start_epoch()
        try:
            encoding = encoding_of(stream)
        except (av.FFmpegError, OSError, ValueError) as error:
            logger.warning("%s: its packets cannot be recorded as they are (%s); frames are", self._camera, error)
            encoding = None
        if encoding is not None and encoding.codec in UNENCODED:
            encoding = None
        self._is_copying = encoding is not None
        if encoding is not None and (self._encoding is None or not self._encoding.fits(encoding)):
            self._encoding = encoding

    def take(self, packet: Any, *, arrived: float, is_timed: bool) -> None:
        """Record a packet of the camera, where its packets can be copied."""
        if not self._is_copying or self._encoding is None:
            return
        base = float(packet.time_base or 0)
        first = packet.dts if packet.dts is not None else packet.pts
        stamp = float(first) * base if is_timed and first is not None and base else None
        lead = float(packet.pts - packet.dts) * base if None not in (packet.pts, packet.dts) else 0.0
        seconds = self._clock.place(stamp, arrived)
        lead = lead if stamp is not None and 0.0 <= lead <= _LONGEST_LEAD_SECONDS else 0.0
        self.put(EncodedPacket(self._encoding, bytes(packet), seconds, lead, bool(packet.is_keyframe), arrived))

    def put(self, packet: EncodedPacket) -> None:
        """Record a packet; never waits."""
        self.lost += len(self._queue.put((self._number, packet)))
        self._number += 1

    def clip_of(self, event: str, since: float) -> str | None:
        """Begin a clip for an event, or add the event to the clip that is being written.

        Args:
            event: Its identity.
            since: When it began, of `time.monotonic`.

        Returns:
            The clip's path, relative to the folder of state; it grows until some seconds after the event's end. None
            where there is nothing to record, or the disk takes nothing.
        """
        with self._lock:
            if self._clip is not None:
                self._clip.events.add(event)
                self._clip.until = float("inf")
                return self._folder.name_of(self._clip.file.path)
            packets = self._ring.since(since - self._config.before_seconds)
            if not packets:  # in the first second of a connection, whose packets may still wait to be written
                given = self._number
                self._has_written.wait_for(lambda: self._expected >= given, _CATCH_UP_SECONDS)
                packets = self._ring.since(since - self._config.before_seconds)
            if not packets or time.monotonic() - self._failed < _RETRY_SECONDS:
                return None
            path = self._folder.clip(event, packets[0].encoding.suffix)
            file = None
            try:
                self._folder.begin(path)
                file = SegmentFile(path, packets[0].encoding)
                for packet in packets:
                    file.write(packet)
            except OutputError as error:
                self._fail(error, path, file)
                return None
            self._clip = _Clip(file, {event}, float("inf"))
            return self._folder.name_of(path)

    def release(self, event: str) -> None:
        """Note that an event has ended; its clip goes on for ``after_seconds``."""
        with self._lock:
            clip = self._clip
            if clip is not None and event in clip.events:
                clip.events.discard(event)
                if not clip.events:
                    clip.until = time.monotonic() + self._config.after_seconds

    def close(self) -> None:
        """Write the packets that wait, and complete all files."""
        self._queue.close()
        join_or_leave([self._thread], time.monotonic() + _STOP_SECONDS)
        with self._lock:
            self._close_part()
            self._close_clip()

    def _run(self) -> None:
        while True:
            if self._queue.is_exhausted:
                return
            if not self._queue.wait_for_item(_POLL_SECONDS):
                with self._lock:
                    self._end_clip_if_over(time.monotonic())
                continue
            item = self._queue.get()
            if item is None:
                return
            with self._has_written:
                self._write(*item)
                self._has_written.notify_all()

    def _write(self, number: int, packet: EncodedPacket) -> None:
        if number != self._expected:  # some before it are lost: what follows cannot be decoded without them
            self._ring.clear()
            self._waits_for_keyframe = True
            self._complain()
        self._expected = number + 1
        if self._waits_for_keyframe and not packet.is_keyframe:
            return
        self._waits_for_keyframe = False
        self._ring.add(packet)
        if self._mode == "continuous":
            self._write_part(packet)
        if self._clip is not None:
            self._write_clip(packet)

    def _complain(self) -> None:
        now = time.monotonic()
        if now - self._complained >= _COMPLAINT_SECONDS:
            self._complained = now
            logger.warning("%s: the disk is too slow for its recordings; %d packets lost", self._camera, self.lost)

    def _write_part(self, packet: EncodedPacket) -> None:
        part = self._part
        if part is not None and (
            part.encoding is not packet.encoding
            or (packet.is_keyframe and part.seconds >= self._config.segment_seconds)
        ):
            self._close_part()
        if self._part is None:
            self._begin_part(packet)
        if self._part is None:
            return
        try:
            self._part.write(packet)
        except OutputError as error:
            self._fail(error, self._part.path, self._part)
            self._part = None

    def _begin_part(self, packet: EncodedPacket) -> None:
        """Begin the next part with a packet; nothing happens before a keyframe, or soon after a file failed."""
        if not packet.is_keyframe or time.monotonic() - self._failed < _RETRY_SECONDS:
            return
        began = datetime.now(timezone.utc) - timedelta(seconds=max(0.0, time.monotonic() - packet.arrived))
        path = self._folder.recording(self._camera, began, packet.encoding.suffix)
        try:
            self._folder.begin(path)
            self._part = SegmentFile(path, packet.encoding)
        except OutputError as error:
            self._fail(error, path, None)

    def _write_clip(self, packet: EncodedPacket) -> None:
        clip = self._clip
        if clip is None:
            return
        if clip.file.encoding is not packet.encoding or clip.file.seconds >= LONGEST_CLIP_SECONDS:
            self._close_clip()
            return
        try:
            clip.file.write(packet)
        except OutputError as error:
            self._fail(error, clip.file.path, clip.file)
            self._clip = None
            return
        self._end_clip_if_over(packet.arrived)

    def _end_clip_if_over(self, now: float) -> None:
        if self._clip is not None and now >= self._clip.until:
            self._close_clip()

    def _close_part(self) -> None:
        if self._part is not None:
            self._part.close()
            self._folder.end(self._part.path)
            self._part = None

    def _close_clip(self) -> None:
        if self._clip is not None:
            self._clip.file.close()
            self._folder.end(self._clip.file.path)
            self._clip = None

    def _fail(self, error: OutputError, path: Any, file: SegmentFile | None) -> None:
        """Log an error and close the file as it is; the next file is tried after `_RETRY_SECONDS`."""
        logger.error("%s: %s", self._camera, error)
        self._failed = time.monotonic()
        if file is not None:
            file.close()
        self._folder.end(path)
