"""What a video file lost: counted while it is read, and said as what it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

# Announced lengths are rounded, and edit lists and swallowed frames make small differences normal.
SHARE_TOLERANCE = 0.02
STEPS_TOLERANCE = 2
LONGEST_TOLERANCE_SECONDS = 2.0
# A pause is worth a word where the pictures are evenly spaced otherwise, and the container has not announced it.
EVEN_SHARE = 0.95
SHORTEST_PAUSE_SECONDS = 0.25
PAUSE_STEPS = 2.5
# Coders of these give out packets without a picture of their own, so that packets and pictures need not be as many.
CODECS_WITH_HIDDEN_PICTURES = frozenset({"vp8", "vp9", "libdav1d", "av1", "libaom-av1"})
# MPEG-4 repeats a picture by a packet of a few bytes, for which decoders give out nothing.
SMALLEST_PICTURE_BYTES = {"mpeg4": 20}


@dataclass(frozen=True, slots=True)
class Announced:
    """What the container says before the first frame; None where it says nothing."""

    count: int | None
    seconds: float | None
    start: float
    step: float


class Losses:
    """Counts packets and pictures of a video.

    Attributes:
        packets: Packets that should give a picture.
        pictures: Pictures that came.
        undecodable: Packets that the decoder refused.
        corrupt: Packets or pictures that the container or the decoder marks as damaged.
        read_error: What kept the file from being read to its end, or None.
        end: Time at which the last picture ends.
    """

    def __init__(self, announced: Announced, *, codec: str) -> None:
        """Args: announced: What should come. codec: FFmpeg's name of the decoder."""
        self.packets = self.pictures = self.undecodable = self.corrupt = 0
        self.read_error: str | None = None
        self.end = 0.0
        self._announced = announced
        self._smallest = SMALLEST_PICTURE_BYTES.get(codec, 1)
        self._countable = codec not in CODECS_WITH_HIDDEN_PICTURES
        self._even = self._steps = 0
        self._first_pause: tuple[float, float] | None = None  # its start and length
        self._pause_seconds = 0.0
        self._pause_count = self._lost = 0
        self._last: float | None = None
        self._last_duration = 0.0

    def announce(self, announced: Announced) -> None:
        """What should come, once the first picture was decoded."""
        self._announced = announced

    def expect_seams(self, count: int) -> None:
        """The clock started anew so often: announced lengths mean nothing, and a packet at each seam looks corrupt."""
        self._announced = replace(self._announced, seconds=None)
        self.corrupt = max(0, self.corrupt - count)

    def sent(self, *, size: int, hidden: bool, corrupt: bool) -> None:
        """A packet of so many bytes goes to the decoder; ``hidden``: an edit list leaves it out."""
        self.packets += size >= self._smallest and not hidden
        self.corrupt += corrupt

    def shown(self, time: float, *, duration: float | None, interlaced: bool, corrupt: bool) -> None:
        """A picture came, which the container shows for ``duration`` seconds (None: it does not say)."""
        self.pictures += 1
        self.corrupt += corrupt
        if interlaced:
            self._countable = False  # its two fields may be two packets
        if self._last is not None:
            self._space(self._last, time)
        self._last, self._last_duration = time, duration or 0.0
        self.end = max(self.end, time + (duration or self._announced.step))

    @property
    def missing(self) -> int:
        """Pictures whose packets were there."""
        return max(0, self.packets - self.pictures) if self._countable else 0

    @property
    def broke_off(self) -> bool:
        """True when the pictures end clearly before the announced end, or reading ended with an error."""
        announced = self._announced
        if self.read_error is not None:
            return True
        if announced.seconds is not None:
            tolerance = max(
                STEPS_TOLERANCE * announced.step,
                min(SHARE_TOLERANCE * announced.seconds, LONGEST_TOLERANCE_SECONDS),
            )
            return announced.start + announced.seconds - self.end > tolerance
        if announced.count is None:
            return False
        came = self.pictures + self.missing
        return announced.count - came > max(STEPS_TOLERANCE, SHARE_TOLERANCE * announced.count)

    def describe(self, name: str) -> str | None:
        """One line on everything that was lost, or None."""
        of = f" of {self._announced.count} announced" if self._announced.count is not None else ""
        faults = self._faults()
        if self.broke_off:
            cause = f" ({self.read_error})" if self.read_error is not None else ""
            also = f"; before that: {', '.join(faults)}" if faults else ""
            return (
                f"{name} broke off{cause}: {self.pictures}{of} frames, up to {self.end:.2f} s, could be decoded and "
                f"were kept{also}; copy the file again if there should be more"
            )
        if faults:
            return f"{name} is damaged: {', '.join(faults)}; {self.pictures}{of} frames were decoded"
        if self._first_pause is not None and self._is_even():
            start, seconds = self._first_pause
            more = f", and {self._pause_count - 1} more ({self._pause_seconds:.2f} s in all)"
            return (
                f"{name} has no pictures for {seconds:.2f} s from {start:.2f} s on"
                f"{more if self._pause_count > 1 else ''}: the recording paused, or pictures were lost"
            )
        return None

    def _faults(self) -> Sequence[str]:
        faults = []
        if self.undecodable:
            faults.append(f"packets that could not be decoded and were skipped: {self.undecodable}")
        if self.corrupt:
            faults.append(f"packets or pictures marked as corrupt: {self.corrupt}")
        if self.missing > 0:
            faults.append(f"pictures that are missing: {self.missing}")
        if faults and self._pause_count:
            about = f", about {self._lost} pictures" if self._is_even() else ""
            faults.append(f"times without a picture: {self._pause_count} ({self._pause_seconds:.2f} s in all{about})")
        return faults

    def _space(self, last: float, time: float) -> None:
        step, gap = self._announced.step, time - last
        self._steps += 1
        self._even += abs(gap - step) <= max(0.1 * step, 0.0015)  # Matroska counts milliseconds
        if gap > max(SHORTEST_PAUSE_SECONDS, PAUSE_STEPS * step) and gap > 1.5 * self._last_duration:
            self._pause_count += 1
            self._pause_seconds += gap
            self._lost += round(gap / step) - 1
            self._first_pause = self._first_pause or (last, gap)

    def _is_even(self) -> bool:
        return self._even >= EVEN_SHARE * (self._steps - self._pause_count)
