"""A file of copied packets that plays at every moment, also after its writer was killed.

MP4 in fragments of a second (H.264, H.265, AV1), or Matroska in clusters of a second (all else): what is on the disk is
whole up to its last second. So the file has its final name from the beginning.
"""

import contextlib
import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from edgeact.errors import OutputError
from edgeact.media.encoded import EncodedPacket, Encoding
from edgeact.regular_file import create_new

_TIME_BASE = Fraction(1, 90_000)
_USUAL_STEP = 1 / 25  # seconds that the last picture of a file is shown, where nothing tells
_MP4 = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "frag_duration": "1000000",
    "flush_packets": "1",
}
_MATROSKA = {"cluster_time_limit": "1000", "flush_packets": "1"}


class _WholeWrites(io.FileIO):
    """A file that writes all that it is given, or fails."""

    def write(self, data: Any) -> int:
        """Write all bytes.

        Raises:
            OSError: The disk does not take them; some of them may have been written.
        """
        left = memoryview(data)
        while left:
            left = left[super().write(left) :]
        return len(data)


class SegmentFile:
    """Writes packets of one encoding, the first one a keyframe.

    Args:
        path: The file, whose suffix is the encoding's; its folder exists.
        encoding: Of all packets.

    Raises:
        OutputError: The file cannot be created.
    """

    def __init__(self, path: Path, encoding: Encoding) -> None:
        self.path, self.encoding = path, encoding
        self._first: float | None = None
        self._last = -1  # ticks of the last packet's decoding
        self._step = round(_USUAL_STEP / _TIME_BASE)
        is_mp4 = path.suffix == ".mp4"
        with self._writing():
            # A file of our own: PyAV leaves its file open for ever where the disk is too full for the file's head.
            self._file = _WholeWrites(create_new(path), "wb")
            try:
                self._output = av.open(
                    self._file,
                    "w",
                    format="mp4" if is_mp4 else "matroska",
                    options=_MP4 if is_mp4 else _MATROSKA,
                )
                self._stream: Any = self._output.add_stream_from_template(encoding.template, opaque=True)
            except BaseException:
                self._file.close()
                raise
            self._stream.time_base = _TIME_BASE

    @property
    def seconds(self) -> float:
        """Seconds from the first packet to the last."""
        return 0.0 if self._first is None else float(self._last * _TIME_BASE)

    def write(self, packet: EncodedPacket) -> None:
        """Append a packet.

        Raises:
            OutputError: It cannot be written; what was written before plays.
        """
        if self._first is None:
            self._first = packet.time
        tick = max(round((packet.time - self._first) / _TIME_BASE), self._last + 1)
        if self._last >= 0:
            self._step = tick - self._last
        self._last = tick
        copy: Any = av.Packet(packet.data)
        copy.time_base, copy.dts = _TIME_BASE, tick
        copy.pts, copy.duration = tick + round(packet.lead / _TIME_BASE), self._step
        copy.is_keyframe, copy.stream = packet.is_keyframe, self._stream
        with self._writing():
            self._output.mux(copy)

    def close(self) -> None:
        """Complete the file; where that fails (a full disk), what is there plays all the same."""
        with contextlib.suppress(av.FFmpegError, OSError):
            self._output.close()
        with contextlib.suppress(OSError):
            self._file.close()

    @contextlib.contextmanager
    def _writing(self) -> Any:
        """Raise errors of FFmpeg and of the disk as `OutputError`."""
        try:
            yield
        except (av.FFmpegError, OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise OutputError(
                f"{self.path} cannot be written ({reason}); check the disk and the folder of state"
            ) from error
