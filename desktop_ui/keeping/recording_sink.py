"""Records a live source while that is wished: as it came, or with everything drawn into it.

The files are MP4 in fragments of a second: what is on the disk plays, also after a power cut. People are taken out of
their pictures before these come here, as the window's privacy says.
"""

import os
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from desktop_ui.keeping.event_media import free_bytes
from desktop_ui.model.recording import Recording, RecordingWish
from edgeact.bundle.plan import Plan
from edgeact.drawing.drawer import make_drawer
from edgeact.errors import EdgeactError
from edgeact.media.encoder import check_size, immediate_encoder
from edgeact.regular_file import create_new
from edgeact.sinks.base import SinkInput
from edgeact.types import Event, Frame, Observation, UInt8

LEAST_FREE_BYTES = 1_000_000_000  # that a recording leaves to everybody else
LONGEST_SECONDS = 3600.0  # of a file: what is watched later is found by its hour
_LOOK_EVERY = 50  # frames
_USUAL_RATE = Fraction(25)
_FRAGMENTS = {
    "movflags": "frag_keyframe+empty_moov+default_base_moof",
    "frag_duration": "1000000",
    "flush_packets": "1",
}


class RecordingSink:
    """Takes every observation of a live source; idle while nothing is wished.

    Args:
        recording: What is wished.
        title: What the source is called.
        plan: Of the bundle.
        rate: Frames a second as announced, or None.
        corrected: Gives what is drawn of a frame, by what the operator has said.
    """

    def __init__(
        self,
        recording: Recording,
        title: str,
        plan: Plan,
        rate: Fraction | None,
        corrected: Callable[[Observation], Observation],
    ) -> None:
        self._corrected = corrected
        self._recording, self._plan, self._rate = recording, plan, rate or _USUAL_RATE
        self._stem = re.sub(r"[^A-Za-z0-9._-]+", "-", title).strip("-.") or "source"
        self._file: _File | None = None

    @property
    def takes(self) -> frozenset[SinkInput]:
        """Observations; what is drawn is drawn here, and only while it is wished."""
        return frozenset({"observations"})

    def write(self, observation: Observation, picture: UInt8 | None) -> None:
        """Record a frame, if that is wished."""
        wish, file, frame = self._recording.wish, self._file, observation.frame
        if file is not None and (wish is not file.wish or not file.fits(frame)):
            self._close()
        if wish is None:
            return
        try:
            if self._file is None:
                self._file = self._open(wish, frame)
            self._file.write(observation if not wish.with_overlay else self._corrected(observation))
        except (av.FFmpegError, OSError, EdgeactError) as error:
            reason = error if isinstance(error, EdgeactError) else getattr(error, "strerror", None) or error
            self._recording.fail(f"{wish.folder}: recording ended ({reason}); check the disk, or choose another folder")
            self._close()

    def write_event(self, event: Event) -> None:
        """Do nothing: events have clips of their own."""

    def close(self) -> None:
        """Complete the file, if there is one."""
        self._close()

    def abort(self) -> None:
        """Complete the file as well: what was recorded is kept."""
        self._close()

    def _open(self, wish: RecordingWish, frame: Frame) -> "_File":
        height, width = frame.image.shape[:2]
        check_size(width, height, name=frame.source)
        check_room(wish.folder)
        wish.folder.mkdir(parents=True, exist_ok=True)
        stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
        stem = f"{self._stem}-{stamp}{'-drawn' if wish.with_overlay else ''}"
        path = next(path for path in _names(wish.folder, stem) if not path.exists())
        draw = make_drawer(self._plan) if wish.with_overlay else None
        file = _File(path, wish, frame, self._rate, draw)
        self._recording.note_file(path)
        return file

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


class _File:
    """One file that is being written."""

    def __init__(
        self,
        path: Path,
        wish: RecordingWish,
        frame: Frame,
        rate: Fraction,
        draw: Callable[[Observation], UInt8] | None,
    ) -> None:
        self.wish = wish
        self._folder, self._draw = path.parent, draw
        self._epoch, self._began, self._shape = frame.epoch, frame.time, frame.image.shape
        self._frames = 0
        os.close(create_new(path))  # never over another file
        self._output: Any = av.open(f"file:{path}", "w", format="mp4", options=_FRAGMENTS)
        height, width = frame.image.shape[:2]
        self._encoder = immediate_encoder(self._output, width=width, height=height, rate=float(rate))

    def fits(self, frame: Frame) -> bool:
        """Whether a frame may follow: of the same connection and size, within the file's hour."""
        is_short = frame.time - self._began < LONGEST_SECONDS
        return frame.epoch == self._epoch and frame.image.shape == self._shape and is_short

    def write(self, observation: Observation) -> None:
        """Append a frame."""
        self._frames += 1
        if self._frames % _LOOK_EVERY == 0:
            check_room(self._folder)
        frame = observation.frame
        image = frame.image if self._draw is None else self._draw(observation)
        self._mux(self._encoder.encode(image, frame.time, duration=frame.duration))

    def close(self) -> None:
        """Complete it; where that fails, what is there plays all the same."""
        try:
            self._mux(self._encoder.flush())
            self._output.close()
        except (av.FFmpegError, OSError):
            return

    def _mux(self, packets: Sequence[Any]) -> None:
        for packet in packets:
            self._output.mux(packet)


def check_room(folder: Path) -> None:
    """Refuse to fill a disk.

    Raises:
        OSError: Less is free than a recording leaves to others.
    """
    free = free_bytes(folder)
    if free < LEAST_FREE_BYTES:
        raise OSError(0, f"only {free / 1e9:.1f} GB are free, and {LEAST_FREE_BYTES / 1e9:.0f} GB are kept free")


def _names(folder: Path, stem: str) -> Sequence[Path]:
    return [folder / f"{stem}{number}.mp4" for number in ("", *(f"-{count}" for count in range(2, 100)))]
