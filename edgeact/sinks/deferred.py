"""A sink that is opened with its first frame, because only then it is known what its source gives."""

from collections.abc import Callable

from edgeact.sinks.base import Sink, SinkInput
from edgeact.types import Event, Observation, UInt8


class DeferredSink:
    """Stands for a sink until its first frame, then passes everything on to it.

    A live source has no size before its first frame, and a source that never gives one leaves no file.

    Args:
        takes: What the sink takes.
        open_sink: Makes the sink for the first observation.
    """

    def __init__(self, takes: frozenset[SinkInput], open_sink: Callable[[Observation], Sink]) -> None:
        self._takes, self._open_sink = takes, open_sink
        self._sink: Sink | None = None

    @property
    def takes(self) -> frozenset[SinkInput]:
        """What the sink takes."""
        return self._takes

    @property
    def is_open(self) -> bool:
        """Whether a frame has come."""
        return self._sink is not None

    def write(self, observation: Observation, picture: UInt8 | None) -> None:
        """Pass it on; the first one opens the sink.

        Raises:
            OutputError: It cannot be written.
        """
        if self._sink is None:
            self._sink = self._open_sink(observation)
        self._sink.write(observation, picture)

    def write_event(self, event: Event) -> None:
        """Pass it on; before the first frame there are no events.

        Raises:
            OutputError: It cannot be written.
        """
        if self._sink is not None:
            self._sink.write_event(event)

    def close(self) -> None:
        """Finish the sink, if it was opened.

        Raises:
            OutputError: It cannot be completed.
        """
        if self._sink is not None:
            self._sink.close()

    def abort(self) -> None:
        """Give the sink up, if it was opened."""
        if self._sink is not None:
            self._sink.abort()
