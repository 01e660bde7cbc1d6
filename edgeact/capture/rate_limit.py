"""A source of fewer frames a second than there are: what is too early, or comes while it rests, is left out."""

from collections.abc import Iterator

from edgeact.capture.base import PartOfSource, Source
from edgeact.types import Frame


class RateLimited(PartOfSource):
    """Gives at most so many frames a second of another source, by their own times, evenly on average.

    Args:
        source: Where frames come from.
        rate: Frames a second, greater than 0; None takes all.

    Attributes:
        rate: May be changed from any thread.
        rests: While True, no frames are given; may be changed from any thread.
    """

    def __init__(self, source: Source, rate: float | None) -> None:
        super().__init__(source)
        self.rate = rate
        self.rests = False

    def frames(self) -> Iterator[Frame]:
        """Yield the frames that are due; those of a new epoch begin anew."""
        due, epoch = 0.0, -1
        for frame in self._source.frames():
            if frame.epoch != epoch:
                due, epoch = frame.time, frame.epoch
            if self.rests or frame.time < due:
                continue
            rate = self.rate
            if rate is None:
                due = frame.time
                yield frame
                continue
            interval = 1.0 / rate
            # On the grid of the rate, so that 10 of 25 a second are 10 and not 8; after a pause the grid begins anew.
            due = due + interval if frame.time < due + interval else frame.time + interval
            yield frame
