"""Where a file is being played: play, pause, step, speed and jumps over the frames that are there so far."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True, slots=True)
class PlayState:
    """How a played file stands.

    Attributes:
        position: The shown frame, as they are counted here, from 0; -1 before the first.
        count: Frames that are there.
        time: Of the shown frame, in seconds of the file.
        first: Time of the first frame.
        last: Time of the last frame that is there.
        is_playing: Frames follow one another.
        speed: Seconds of the file a second.
        is_complete: No more frames will come.
    """

    position: int
    count: int
    time: float
    first: float
    last: float
    is_playing: bool
    speed: float
    is_complete: bool

    @property
    def is_at_end(self) -> bool:
        """Whether the last frame of the file is shown."""
        return self.is_complete and self.position == self.count - 1


class PlayHead:
    """Decides which frame is shown when; knows times, no pictures. Not safe to be used from several threads."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._position = -1
        self._is_playing, self._speed, self._is_complete = True, 1.0, False
        self._anchor: tuple[float, float] | None = None  # a moment of the clock, and the file's time at it

    @property
    def state(self) -> PlayState:
        """How it stands."""
        times = self._times
        return PlayState(
            position=self._position,
            count=len(times),
            time=times[self._position] if self._position >= 0 else 0.0,
            first=times[0] if times else 0.0,
            last=times[-1] if times else 0.0,
            is_playing=self._is_playing,
            speed=self._speed,
            is_complete=self._is_complete,
        )

    def append(self, time: float) -> None:
        """Add the time of one more frame, which is not less than the one before."""
        self._times.append(time)

    def complete(self) -> None:
        """Note that no more frames will come."""
        self._is_complete = True

    def play(self, now: float) -> None:
        """Go on from the shown frame; from the last one of a complete file, begin again."""
        if self.state.is_at_end:
            self._position = 0
        self._is_playing = True
        self._anchor_at(now)

    def pause(self) -> None:
        """Stay at the shown frame."""
        self._is_playing = False

    def step(self, frames: int) -> None:
        """Pause, and go so many frames on or, if negative, back."""
        self.pause()
        self._go_to(self._position + frames)

    def seek(self, time: float, now: float) -> None:
        """Show the frame of a time, as far as it is there; playing goes on from it."""
        self._go_to(bisect_right(self._times, time) - 1)
        self._anchor_at(now)

    def set_speed(self, speed: float, now: float) -> None:
        """Set how many seconds of the file are played in a second."""
        self._anchor_at(now)
        self._speed = speed

    def due(self, now: float) -> int:
        """The frame that is to be shown now; -1 while there is none."""
        if not self._times or (not self._is_playing and self._position >= 0):
            return self._position
        if self._anchor is None or self._position < 0:
            self._position = max(self._position, 0)
            self._anchor_at(now)
            return self._position
        then, time = self._anchor
        wanted = bisect_right(self._times, time + (now - then) * self._speed) - 1
        last = len(self._times) - 1
        if wanted >= last:
            self._position = max(self._position, last)
            if self._is_complete:
                self._is_playing = False
            else:
                self._anchor_at(now)  # it waits for what is not there yet, and does not run to make up for it
        else:
            self._position = max(self._position, wanted)
        return self._position

    def seconds_to_next(self, now: float) -> float | None:
        """Seconds until another frame is due; None while that is not known."""
        following = self._position + 1
        if not self._is_playing or self._anchor is None or following >= len(self._times):
            return None
        then, time = self._anchor
        return max(0.0, (self._times[following] - time) / self._speed - (now - then))

    def position_of(self, time: float) -> int:
        """The first frame at or after a time; the last one where there is none."""
        return min(bisect_left(self._times, time), len(self._times) - 1)

    def _go_to(self, position: int) -> None:
        if self._times:
            self._position = min(max(position, 0), len(self._times) - 1)

    def _anchor_at(self, now: float) -> None:
        if self._position >= 0:
            self._anchor = (now, self._times[self._position])
