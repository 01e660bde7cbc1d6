"""Turns the timestamps of decoded pictures into times that can be relied on: always there, strictly increasing.

What concerns all streams of a file, as clocks that start anew, was repaired before (see `edgeact.capture.clock`).
"""

import math

# A timestamp that lies further back than this is no disorder of single frames but a clock that was set anew
# (a joined recording, a transport stream that wrapped around).
CLOCK_RESET_SECONDS = 1.0
# A time that has to be made up follows its predecessor by this: less than any usual distance of frames, so the next
# frame keeps its own time, and more than one tick of the usual time bases, so it survives in a written video.
REPAIR_SECONDS = 0.001


class Timeline:
    """Repairs timestamps that are missing or do not increase; the others pass unchanged.

    - A missing timestamp becomes the previous time plus ``step``.
    - One that does not increase, by up to a second, becomes the previous time plus a millisecond: the frames after it
      keep theirs.
    - One that lies more than a second back starts a new clock: it becomes the previous time plus ``step``, and the
      frames after it are shifted with it, so that their distances stay.

    Attributes:
        repaired: How many times differ from their timestamp.
    """

    def __init__(self, *, step: float) -> None:
        """Args: step: The usual distance of two frames in seconds, greater than 0."""
        self.repaired = 0
        self._step = step
        self._shift = 0.0
        self._last: float | None = None

    def place(self, stamp: float | None) -> float:
        """The time in seconds of the next frame, whose timestamp in seconds is ``stamp`` (None: it has none)."""
        time = self._after(self._step) if stamp is None else stamp + self._shift
        if stamp is not None and self._last is not None and time <= self._last:
            if self._last - time > CLOCK_RESET_SECONDS:
                time = self._after(self._step)
                self._shift = time - stamp
            else:
                time = self._after(REPAIR_SECONDS)
        if stamp is None or time != stamp:
            self.repaired += 1
        self._last = time
        return time

    def _after(self, seconds: float) -> float:
        if self._last is None:
            return 0.0
        return max(self._last + seconds, math.nextafter(self._last, math.inf))


class BestEffort:
    """Chooses between a picture's two timestamps as FFmpeg's tools do (`guess_correct_pts` of libavcodec).

    Containers such as AVI know the order of decoding only: some pictures then have no presentation timestamp, or one
    that goes back. The timestamp of decoding, in which the decoder gives the pictures out, is the better one there.
    """

    def __init__(self) -> None:
        self._faulty_pts = self._faulty_dts = 0
        self._last_pts: int | None = None
        self._last_dts: int | None = None

    def choose(self, pts: int | None, dts: int | None) -> int | None:
        """The timestamp of the next picture, in the unit of the two given; None where there is none.

        Args:
            pts: Its presentation timestamp.
            dts: The decoding timestamp of the packet with which the decoder gave it out.
        """
        if dts is not None:
            self._faulty_dts += self._last_dts is not None and dts <= self._last_dts
            self._last_dts = dts
        elif pts is not None:
            self._last_dts = pts
        if pts is not None:
            self._faulty_pts += self._last_pts is not None and pts <= self._last_pts
            self._last_pts = pts
        elif dts is not None:
            self._last_pts = dts
        if pts is not None and (dts is None or self._faulty_pts <= self._faulty_dts):
            return pts
        return dts
